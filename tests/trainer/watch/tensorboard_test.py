#!/usr/bin/env python3
"""Checks that TensorBoard's own code reads the event files of TensorboardWriter.

  tensorboard_test.py WRITE_SCALARS   the path of the program write_scalars
"""

import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

PROGRAM = sys.argv.pop()


class TensorboardTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, first, last):
        subprocess.run([PROGRAM, self.folder, str(first), str(last)], check=True)

    def read(self):
        reader = EventAccumulator(str(self.folder))
        reader.Reload()
        self.assertCountEqual(reader.Tags()["scalars"], ["train/loss", "train/accuracy"])
        self.assertEqual(reader.file_version, 2.0)
        return reader

    def test_reads_the_values(self):
        before = time.time()
        self.write(1, 3)
        reader = self.read()
        losses = reader.Scalars("train/loss")
        self.assertEqual([event.step for event in losses], [1, 2, 3])
        for event in losses:
            self.assertAlmostEqual(event.value, 1 / event.step, places=6)
            self.assertTrue(before <= event.wall_time <= time.time())
        self.assertEqual([event.value for event in reader.Scalars("train/accuracy")], [0, 0, 0])

    def test_reads_a_resumed_run(self):
        self.write(1, 2)
        self.write(3, 4)
        self.assertEqual(len(list(self.folder.iterdir())), 2)
        self.assertEqual([event.step for event in self.read().Scalars("train/loss")], [1, 2, 3, 4])

    def test_reads_a_killed_run(self):
        self.write(1, 3)
        (file,) = self.folder.iterdir()
        file.write_bytes(file.read_bytes()[:-5])
        self.assertEqual([event.step for event in self.read().Scalars("train/loss")], [1, 2])


if __name__ == "__main__":
    unittest.main()
