"""Runs newsgenre_trainer as a user does: its manual, exit codes, and how it takes a signal.

Usage: program_test.py TRAINER SAMPLE_CSV
"""

import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
import unittest

TRAINER, SAMPLE = sys.argv[1:3]
TINY = ["--vocab_size=500", "--embedding_size=16", "--hidden_size=16", "--layers=1", "--heads=2", "--threads=1"]


class ProgramTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.model_dir = os.path.join(self.folder.name, "model")

    def command(self, *flags):
        return [TRAINER, f"--train={SAMPLE}", f"--model_dir={self.model_dir}", *flags]

    def run_trainer(self, *command):
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    def stop_at(self, message, *flags):
        """Sends SIGTERM when a log line says `message`; returns the exit code and standard output."""
        with subprocess.Popen(self.command(*flags), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            for line in child.stderr:
                if json.loads(line)["message"] == message:
                    child.send_signal(signal.SIGTERM)
                    break
            output, _ = child.communicate(timeout=300)
            return child.returncode, output

    def messages(self, result):
        """Of the log; every line is an object."""
        return [json.loads(line)["message"] for line in result.stderr.splitlines()]

    def test_manual(self):
        manual = self.run_trainer(TRAINER, "--help").stdout
        for part in ("Exit status:", "--train", "--vocab_size", "Default 8000", "default: 0.001", "SIGTERM"):
            self.assertIn(part, manual)

    def test_wrong_flags(self):
        for flags, message in (
            (["--epochs=0"], "--epochs is 0; it must be 1 to 1000"),
            (["stray"], "'stray' is not a flag"),
            (["--train=absent.csv"], "absent.csv"),
            (["--init_from=x", "--layers=2"], "--layers is set beside --init_from"),
        ):
            result = self.run_trainer(*self.command(*flags))
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn(message, self.messages(result)[-1])

    def test_trains_to_the_end(self):
        recipe = os.path.join(self.folder.name, "recipe.flags")
        with open(recipe, "w", encoding="utf-8") as file:
            file.write("\n".join([*TINY, "--epochs=2"]))
        result = self.run_trainer(*self.command(f"--flagfile={recipe}", f"--test={SAMPLE}", "--model_version=v1"))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"(?m)^test: accuracy \d+\.\d\d % \(\d+ of 592\)")
        self.assertIn("epoch done", self.messages(result))
        with open(os.path.join(self.model_dir, "report.json"), encoding="utf-8") as file:
            report = json.load(file)
        self.assertEqual(len(report["epochs"]), 2)
        self.assertEqual(report["recipe"]["vocab_size"], "500")

    def test_bad_rows(self):
        bad = os.path.join(self.folder.name, "bad.csv")
        with open(bad, "w", encoding="utf-8") as file:
            file.write("1,t,b\n" + "9,t,b\n" * 30)
        result = self.run_trainer(TRAINER, f"--train={bad}", f"--test={bad}", f"--model_dir={self.model_dir}")
        self.assertEqual(result.returncode, 2)
        self.assertEqual(self.messages(result)[-1].count(f"{bad}:31: label"), 2)

    def test_a_terminal_gets_lines_of_text(self):
        try:
            ours, theirs = pty.openpty()
        except OSError as error:
            self.skipTest(f"this machine gives no terminal: {error}")
        self.addCleanup(os.close, ours)
        command = self.command(*TINY, "--epochs=1", "--device=cuda:99")
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs) as child:
            os.close(theirs)
            self.assertEqual(child.wait(timeout=300), 1)
        self.assertRegex(os.read(ours, 65536).decode(), r"^\r\x1b\[Knewsgenre_trainer: .*cuda:99.*\r\n$")

    def test_a_signal_keeps_the_best_epoch(self):
        code, output = self.stop_at("epoch done", *TINY, "--epochs=1000")
        self.assertEqual(code, 3)
        self.assertIn("published: ", output)
        self.assertIn("CURRENT", os.listdir(self.model_dir))
        with open(os.path.join(self.model_dir, "report.json"), encoding="utf-8") as file:
            self.assertTrue(json.load(file)["stopped"])

    def test_a_signal_before_the_first_epoch_publishes_nothing(self):
        # An epoch of this network takes long beside the arrival of a signal.
        for message in ("device", "rows read"):
            code, output = self.stop_at(message, "--vocab_size=500", "--hidden_size=512", "--layers=24")
            self.assertEqual(code, 4)
            self.assertEqual(output, "")
            self.assertEqual(os.listdir(self.model_dir), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
