#!/usr/bin/env python3
"""Runs load_generator against empty_service, as the benchmarks do. Usage: program_test.py PROGRAM_FOLDER"""

import json
import pathlib
import subprocess
import sys
import unittest

PROGRAMS = pathlib.Path(sys.argv.pop(1))
SAMPLE = pathlib.Path(__file__).resolve().parents[3] / "deploy" / "sample" / "test.csv"


class ProgramTest(unittest.TestCase):
    def setUp(self):
        self.service = subprocess.Popen([PROGRAMS / "empty_service"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.service.communicate)
        self.port = json.loads(self.service.stdout.readline())["port"]

    def load(self, *flags):
        command = [PROGRAMS / "load_generator", f"--address=127.0.0.1:{self.port}", f"--texts={SAMPLE}", "--seconds=0.2",
                   "--warmup_seconds=0.1", *flags]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def test_closed_loop(self):
        result = json.loads(self.load("--callers=2", "--first=3", "--count=2").stdout)
        self.assertGreater(result["ok"], 0)
        self.assertEqual((result["failed"], result["unfinished"], result["errors"]), (0, 0, {}))
        self.assertEqual({sample[0] for sample in result["samples"]}, {0, 1})
        self.assertAlmostEqual(result["calls_per_second"], result["ok"] / 0.2, places=3)

    def test_open_loop(self):
        result = json.loads(self.load("--rate=100", "--seed=5").stdout)
        self.assertEqual(result["ok"], len(result["samples"]))
        self.assertEqual((result["failed"], result["unfinished"]), (0, 0))

    def test_requires_exactly_one_of_callers_and_rate(self):
        for flags in ([], ["--callers=1", "--rate=1"]):
            rejected = self.load(*flags)
            self.assertEqual(rejected.returncode, 1)
            self.assertIn("exactly one of --callers and --rate", rejected.stderr)

    def test_counts_failures_of_a_server_that_rejects_every_call(self):
        # Without warm-up, because the generator stops after 1000 failures, which take a fast machine a moment.
        result = json.loads(self.load("--callers=1", "--protocol=triton", "--warmup_seconds=0").stdout)
        self.assertEqual(result["ok"], 0)
        self.assertGreater(result["failed"], 0)
        self.assertEqual(list(result["errors"]), ["UNIMPLEMENTED: "])
        self.assertIsNone(result["p50_ms"])


if __name__ == "__main__":
    unittest.main()
