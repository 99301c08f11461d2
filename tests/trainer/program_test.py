"""Runs newsgenre_trainer as a user does: checks its manual, exit codes and reaction to signals.

Usage: program_test.py TRAINER SAMPLE_CSV
"""

import hashlib
import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.request

TRAINER, SAMPLE = sys.argv[1:3]
TINY = [
    "--vocab_size=500", "--embedding_size=16", "--hidden_size=16", "--layers=1", "--heads=2", "--max_tokens=64",
    "--threads=1", "--device=cpu", "--model_version=v1",
]


class ProgramTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.model_dir = self.path("model")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def command(self, *flags):
        return [TRAINER, f"--train={SAMPLE}", f"--model_dir={self.model_dir}", *flags]

    def run_trainer(self, *command):
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    def watch(self, *flags):
        """Starts a training run; its log must be read to the end."""
        return subprocess.Popen(self.command(*flags), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def stop_at(self, message, *flags):
        """Like stop_command_at, for a training run."""
        return self.stop_command_at(message, *self.command(*flags))

    def stop_command_at(self, message, *command):
        """Sends SIGTERM when a log message begins with `message`. Returns the exit code, standard output and later
        messages."""
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            for line in child.stderr:
                if json.loads(line)["message"].startswith(message):
                    child.send_signal(signal.SIGTERM)
                    break
            output, log = child.communicate(timeout=300)
            return child.returncode, output, [json.loads(line)["message"] for line in log.splitlines()]

    def messages(self, result):
        """Returns the messages of the log, of which every line is a JSON object."""
        return [json.loads(line)["message"] for line in result.stderr.splitlines()]

    def weights(self):
        with open(os.path.join(self.model_dir, "v1", "model.safetensors"), "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()

    def test_manual(self):
        manual = self.run_trainer(TRAINER, "--help").stdout
        for part in ("Exit status:", "--train", "--vocab_size", "Default 8000", "default: 0.001", "SIGTERM",
                     "newsgenre_trainer pretrain --flagfile=", "pretrain: comma-separated text"):
            self.assertIn(part, manual)

    def test_wrong_flags(self):
        for flags, message in (
            (["--epochs=0"], "--epochs is 0; it must be 1 to 1000"),
            (["stray"], "'stray' is neither a flag nor one of the commands pretrain, evaluate and import"),
            (["evaluate", "stray"], "'stray' is not a flag"),
            (["--train=absent.csv"], "absent.csv"),
            (["--init_from=x", "--heads=2"], "--heads is set together with --init_from"),
            (["--out=x"], "--out is set; training doesn't take it"),
            (["--text=x"], "--text is set; training doesn't take it"),
            (["evaluate"], "--train is set; evaluate doesn't take it"),
            (["import"], "is set; import doesn't take it"),
        ):
            result = self.run_trainer(*self.command(*flags))
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn(message, self.messages(result)[-1])

    def test_wrong_flags_of_the_other_commands(self):
        for command, message in (
            (["evaluate"], "--model_dir is required"),
            (["evaluate", "--model_dir=x", "--test=x", "--epochs=3"], "--epochs is set; evaluate doesn't take it"),
            (["evaluate", "--model_dir=absent", f"--test={SAMPLE}"], "absent"),
            (["pretrain"], "--text or --train is required"),
            (["pretrain", "--text=x"], "--model_dir is required"),
            (["pretrain", "--text=x,", "--model_dir=y"], "--text has an empty name between its commas"),
            (["pretrain", "--text=x", "--model_dir=y", "--max_tokens=15"], "--max_tokens is 15; it must be 16 to"),
            (["pretrain", "stray"], "'stray' is not a flag"),
            *((["pretrain", f"--{flag}"], f"--{flag.split('=')[0]} is set; pretrain doesn't take it")
              for flag in ("head=pooler", "test=x", "classifier_dropout=0.2", "token_dropout=0.2", "model_version=v1",
                           "from=x", "out=x")),
            (["import", "--from=x"], "--out is required"),
            (["import", "--from=x", "--out=y", "--resume"], "--resume is set; import doesn't take it"),
            (["import", f"--from={self.path('absent')}", "--out=y"], "absent"),
        ):
            result = self.run_trainer(TRAINER, *command)
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn(message, self.messages(result)[-1])

    def test_every_recipe_is_accepted(self):
        recipes = os.path.join(os.path.dirname(SAMPLE), "..", "recipes")
        names = sorted(os.listdir(recipes))
        self.assertIn("small-from-scratch.flags", names)
        for name in names:
            commands = ["pretrain"] if "pretrain" in name or "from-scratch" in name else []
            result = self.run_trainer(TRAINER, *commands, f"--flagfile={os.path.join(recipes, name)}",
                                      f"--train={self.path('absent')}", f"--model_dir={self.model_dir}")
            self.assertEqual(result.returncode, 2, name + result.stderr)
            self.assertIn("absent", self.messages(result)[-1], name)

    def test_trains_to_the_end_and_evaluates(self):
        recipe = self.path("recipe.flags")
        with open(recipe, "w", encoding="utf-8") as file:
            file.write("\n".join([*TINY, "--epochs=2"]))
        result = self.run_trainer(*self.command(f"--flagfile={recipe}", f"--test={SAMPLE}"))
        self.assertEqual(result.returncode, 0, result.stderr)
        tested = r"(?m)^test: accuracy (\d+\.\d\d) % \(\d+ of 592\)"
        self.assertRegex(result.stdout, tested)
        self.assertIn("published: ", result.stdout)
        self.assertIn("epoch done", self.messages(result))
        with open(os.path.join(self.model_dir, "report.json"), encoding="utf-8") as file:
            report = json.load(file)
        self.assertEqual(len(report["epochs"]), 2)
        self.assertEqual(report["recipe"]["vocab_size"], "500")
        self.assertNotIn("training-state", os.listdir(self.model_dir))

        out = self.path("evaluation")
        again = self.run_trainer(TRAINER, "evaluate", f"--model_dir={self.model_dir}", f"--test={SAMPLE}",
                                 f"--out={out}", "--threads=1", "--device=cpu")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertRegex(again.stdout, tested)
        self.assertEqual(sorted(os.listdir(out)), ["report.html", "report.json", "report.md"])
        with open(os.path.join(out, "report.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["test"]["confusion"], report["test"]["confusion"])

    def pretraining(self, *flags):
        """Returns a pre-training command that takes a second, on the sample's words."""
        text = self.path("text.txt")
        with open(SAMPLE, encoding="utf-8") as sample, open(text, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in sample)
        tiny = [flag for flag in TINY if not flag.startswith("--model_version")]
        return [TRAINER, "pretrain", f"--text={text}", f"--model_dir={self.path('pretrained')}", *tiny, *flags]

    def test_pretrains_and_trains_from_there(self):
        pretrained = self.path("pretrained")
        result = self.run_trainer(*self.pretraining("--epochs=1"))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"^held out: masked-LM accuracy \d+\.\d\d % \(\d+ of \d+\), loss \d\.\d+\n"
                         f"wrote: {pretrained}, for --init_from\nreport: {pretrained}/report.html\n$")
        self.assertIn("texts read", self.messages(result))
        with open(os.path.join(pretrained, "report.json"), encoding="utf-8") as file:
            report = json.load(file)
        self.assertGreater(report["held_out"]["words"], 0)
        self.assertEqual(report["recipe"]["text"], self.path("text.txt"))
        for flag in ("head", "test", "token_dropout", "model_version"):
            self.assertNotIn(flag, report["recipe"])

        again = self.run_trainer(*self.pretraining("--epochs=1"))
        self.assertEqual(again.returncode, 1)
        self.assertIn(f"{pretrained} holds a model already", self.messages(again)[-1])
        served = self.run_trainer(TRAINER, "evaluate", f"--model_dir={pretrained}", f"--test={SAMPLE}")
        self.assertEqual(served.returncode, 1)
        self.assertIn("it has no classifier", self.messages(served)[-1])
        trained = self.run_trainer(*self.command(f"--init_from={pretrained}", "--epochs=1", "--threads=1",
                                                 "--device=cpu"))
        self.assertEqual(trained.returncode, 0, trained.stderr)
        self.assertIn("published: ", trained.stdout)

    def test_text_that_cannot_be_read(self):
        for path, message in ((self.path("absent.txt"), "absent.txt"), (self.folder.name, "is not a regular file"),
                              (os.devnull, "is not a regular file")):
            result = self.run_trainer(*self.pretraining(f"--text={path}"))
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn(message, self.messages(result)[-1])

    def test_resumes_a_stopped_pretraining(self):
        command = self.pretraining("--epochs=1", "--resume")
        code, output, messages = self.stop_command_at("texts read", *command)
        self.assertEqual(code, 3)
        self.assertEqual(output, "")
        self.assertIn("--resume", messages[-1])
        self.assertNotIn("config.json", os.listdir(self.path("pretrained")))
        result = self.run_trainer(*command)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_bad_rows(self):
        bad = self.path("bad.csv")
        with open(bad, "w", encoding="utf-8") as file:
            file.write("1,t,b\n" + "9,t,b\n" * 30)
        result = self.run_trainer(TRAINER, f"--train={bad}", f"--test={bad}", f"--model_dir={self.model_dir}")
        self.assertEqual(result.returncode, 2)
        self.assertEqual(self.messages(result)[-1].count(f"{bad}:31: label"), 2)

    def on_a_terminal(self, *flags):
        """Returns the exit code and the output on a terminal."""
        try:
            controller, terminal = pty.openpty()
        except OSError as error:
            self.skipTest(f"this machine has no pseudo-terminals: {error}")
        with subprocess.Popen(self.command(*TINY, *flags), stdout=subprocess.DEVNULL, stderr=terminal) as child:
            os.close(terminal)
            shown = b""
            try:
                while part := os.read(controller, 65536):
                    shown += part
            except OSError:  # the other end is closed
                pass
            os.close(controller)
            return child.wait(timeout=300), shown.decode()

    def test_shows_an_error_as_text_on_a_terminal(self):
        code, shown = self.on_a_terminal("--device=cuda:99")
        self.assertEqual(code, 1)
        self.assertRegex(shown, r"^\r\x1b\[Knewsgenre_trainer: .*cuda:99.*\r\n$")

    def test_shows_progress_as_text_on_a_terminal(self):
        code, shown = self.on_a_terminal("--epochs=2")
        self.assertEqual(code, 0)
        self.assertRegex(shown, r"\r\x1b\[Kepoch 2/2  step \d+/\d+  loss \d\.\d+  accuracy [\d.]+ %  .* left")
        self.assertRegex(shown, r"\r\x1b\[Kepoch 2/2  validation accuracy .*\r\n")

    def test_resumes_a_stopped_run(self):
        flags = [*TINY, "--epochs=6", "--token_dropout=0.1", f"--test={SAMPLE}"]
        self.assertEqual(self.run_trainer(*self.command(*flags)).returncode, 0)
        whole = self.weights()

        self.model_dir = self.path("stopped")
        code, output, messages = self.stop_at("epoch done", *flags)
        self.assertEqual(code, 3)
        self.assertEqual(output, "")
        self.assertIn("--resume", messages[-1])
        self.assertEqual(sorted(os.listdir(self.model_dir)), ["tensorboard", "training-state"])

        refused = self.run_trainer(*self.command(*flags))
        self.assertEqual(refused.returncode, 1)
        self.assertIn("--resume", self.messages(refused)[-1])

        resumed = self.run_trainer(*self.command(*flags, "--resume"))
        self.assertEqual(resumed.returncode, 0, resumed.stderr)
        self.assertIn("resuming", self.messages(resumed))
        self.assertEqual(self.weights(), whole)

    def test_a_signal_before_the_first_step_publishes_nothing(self):
        for message in ("device", "rows read"):
            code, output, messages = self.stop_at(message, *TINY, "--hidden_size=512", "--layers=24", "--resume")
            self.assertEqual(code, 3)
            self.assertEqual(output, "")
            self.assertIn("--resume", messages[-1])
            self.assertNotIn("CURRENT", os.listdir(self.model_dir))

    def test_a_stopped_evaluation_does_not_mention_resume(self):
        self.assertEqual(self.run_trainer(*self.command(*TINY, "--epochs=1")).returncode, 0)
        many = self.path("many.csv")
        with open(SAMPLE, encoding="utf-8") as sample, open(many, "w", encoding="utf-8") as file:
            file.write("9,a,bad row\n" + sample.read() * 200)
        code, output, messages = self.stop_command_at(
            "rows left out", TRAINER, "evaluate", f"--model_dir={self.model_dir}", f"--test={many}", "--max_bad_rows=1",
            "--threads=1", "--device=cpu")
        self.assertEqual(code, 3)
        self.assertEqual(output, "")
        self.assertEqual(messages[-1], "stopped")

    def test_serves_metrics_to_prometheus(self):
        with self.watch(*TINY, "--epochs=1000", "--precision=fp32", "--metrics_address=127.0.0.1:0") as child:
            port, metrics = None, None
            for line in child.stderr:
                fields = json.loads(line)
                if fields["message"] == "metrics":
                    port = fields["port"]
                if fields["message"] == "epoch done":
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
                        metrics = answer.read().decode()
                    child.send_signal(signal.SIGTERM)
                    break
            child.communicate(timeout=300)
            self.assertEqual(child.returncode, 3)
        values = dict(line.rsplit(" ", 1) for line in metrics.splitlines() if line.startswith("newsgenre_"))
        self.assertGreater(float(values["newsgenre_training_step"]), 0)
        self.assertEqual(float(values["newsgenre_training_epochs"]), 1000)
        self.assertGreater(float(values["newsgenre_training_loss"]), 0)
        self.assertGreater(float(values["newsgenre_validation_loss"]), 0)
        self.assertEqual(values['newsgenre_training_info{device="cpu",precision="fp32",version="v1"}'], "1")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
