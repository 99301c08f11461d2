"""Checks that the programs read and continue what older versions wrote: tests/golden/VERSION.

For each of these folders, the release is evaluated and served, the Hugging Face folder is served, and the two
interrupted runs are resumed. Answers and weights must be those of the older programs. Weights are compared bit by bit
on the kind of machine that made the golden files, and with a tolerance on any other.

Usage: compatibility_test.py TRAINER SERVER CLIENT GOLDEN_FOLDER
"""

import array
import contextlib
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

import processor

TRAINER, SERVER, CLIENT = sys.argv[1:4]
VERSIONS = sorted(path.parent for path in pathlib.Path(sys.argv[4]).glob("*/compatibility.json"))

PROBABILITY_TOLERANCE = 1e-4
# Largest difference of a weight on another kind of machine. Other kernels round differently, which Adam amplifies. Between
# AVX2 and AVX-512 the difference was 7e-6.
WEIGHT_TOLERANCE = 1e-3
# The entries of a run's identity that depend on the machine. A run resumes only with an equal identity. The first weights
# are among them, because those of a new head come from torch's random numbers.
MACHINE_ENTRIES = {"kernels", "SHA-256 of the first weights"}
SECONDS = 120

ENVIRONMENT = {**os.environ, "OMP_WAIT_POLICY": "passive", "no_proxy": "127.0.0.1"}


def read_json(path):
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))


def read_tensors(path):
    """Returns the fp32 tensors of a safetensors file by name."""
    data = pathlib.Path(path).read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    tensors = {}
    for name, entry in json.loads(data[8:8 + size]).items():
        if name != "__metadata__":
            begin, end = (8 + size + offset for offset in entry["data_offsets"])
            assert entry["dtype"] == "F32", entry
            tensors[name] = (entry["shape"], array.array("f", data[begin:end]))
    return tensors


def newest_state(model_dir):
    """Returns the folder of the newest complete state, or None."""
    states = sorted(path for path in pathlib.Path(model_dir, "training-state").glob("state-*") if path.suffix == "")
    return states[-1] if states else None


class CompatibilityTest(unittest.TestCase):
    version = None  # folder with the golden files

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name, "golden")
        shutil.copytree(self.version, self.folder)  # Copies what links point to.
        self.expected = read_json(self.folder / "compatibility.json")

    def train(self, *flags):
        return subprocess.run([TRAINER, *flags], cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True,
                              timeout=SECONDS, check=False)

    @contextlib.contextmanager
    def server(self, model_dir):
        """Serves a model; yields the server's address."""
        command = [SERVER, f"--model_dir={model_dir}", "--device=cpu", "--precision=fp32", "--address=127.0.0.1:0",
                   "--metrics_address=127.0.0.1:0"]
        with subprocess.Popen(command, cwd=self.folder, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as child:
            log = []
            try:
                for line in child.stderr:
                    log.append(line)
                    entry = json.loads(line)
                    if entry["message"] == "serving":
                        yield f"127.0.0.1:{entry['port']}"
                        break
                else:
                    self.fail("the server ended before it served:\n" + "".join(log))
            finally:
                child.send_signal(signal.SIGTERM)
                child.communicate(timeout=SECONDS)
        self.assertEqual(child.returncode, 0)

    def check_answers(self, model_dir, expected):
        with self.server(model_dir) as address:
            client = subprocess.run([CLIENT, f"--address={address}", "classify", "--input=texts.jsonl",
                                     "--output=answers.jsonl"], cwd=self.folder, env=ENVIRONMENT, capture_output=True,
                                    text=True, timeout=SECONDS, check=False)
        self.assertEqual(client.returncode, 0, client.stderr)
        lines = (self.folder / "answers.jsonl").read_text(encoding="utf-8").splitlines()
        self.assertEqual(len(lines), len(expected))
        for line, old in zip(lines, expected):
            new = json.loads(line)
            probabilities, old_probabilities = new.pop("probabilities"), dict(old)["probabilities"]
            self.assertEqual(list(probabilities), list(old_probabilities))
            for label, probability in old_probabilities.items():
                self.assertAlmostEqual(probabilities[label], probability, delta=PROBABILITY_TOLERANCE)
            # Newer versions may add fields.
            for name, value in old.items():
                if name != "probabilities":
                    self.assertEqual(new.get(name), value, name)

    def fresh_identity(self, flags):
        """Returns the identity of a new run with these flags on this machine."""
        model_dir = self.folder / "fresh"
        command = [TRAINER, *flags, f"--model_dir={model_dir}", "--save_steps=1"]
        with subprocess.Popen(command, cwd=self.folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as child:
            while newest_state(model_dir) is None and child.poll() is None:
                time.sleep(0.01)
            child.send_signal(signal.SIGSTOP)  # The state must not be replaced while it is read.
            state = newest_state(model_dir)
            identity = read_json(state / "state.json")["identity"] if state else None
            child.kill()
        self.assertIsNotNone(identity, "the run ended without a state")
        return identity

    def adopt_state(self, model_dir, flags):
        """Replaces the identity in the newest state by that of this machine. Returns whether they were equal."""
        path = newest_state(self.folder / model_dir) / "state.json"
        state, fresh = read_json(path), self.fresh_identity(flags)
        old = state["identity"]
        differences = {name for name in old.keys() | fresh.keys() if old.get(name) != fresh.get(name)}
        self.assertLessEqual(differences, MACHINE_ENTRIES)
        state["identity"] = fresh
        path.write_text(json.dumps(state), encoding="utf-8")
        return not differences

    def resume(self, model_dir, flags):
        """Resumes the run to its end. Returns whether this is the kind of machine that made the golden files."""
        same = self.adopt_state(model_dir, flags)
        step = read_json(newest_state(self.folder / model_dir) / "state.json")["step"]
        self.assertGreater(step, 0)
        result = self.train(*flags, f"--model_dir={model_dir}", "--resume")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(step, [json.loads(line).get("step") for line in result.stderr.splitlines()])
        report = read_json(self.folder / model_dir / "report.json")
        self.assertGreater(len(report["steps"]), step)
        return same and processor.describe() == self.expected["processor"]

    def check_weights(self, same_machine, new, old):
        new, old = self.folder / new, self.folder / old
        if same_machine:
            self.assertTrue(new.read_bytes() == old.read_bytes(), f"{new} and {old} differ")
            return
        new, old = read_tensors(new), read_tensors(old)
        self.assertEqual({name: shape for name, (shape, _) in new.items()},
                         {name: shape for name, (shape, _) in old.items()})
        largest = max(abs(a - b) for name in old for a, b in zip(new[name][1], old[name][1]))
        print(f"another kind of machine: weights differ by at most {largest:.1e}", file=sys.stderr)
        self.assertLess(largest, WEIGHT_TOLERANCE)

    def test_evaluates_the_release(self):
        result = self.train("evaluate", "--model_dir=model", "--test=train.csv", "--out=evaluation",
                            *self.expected["machine_flags"])
        self.assertEqual(result.returncode, 0, result.stderr)
        test = read_json(self.folder / "evaluation" / "report.json")["test"]
        self.assertEqual(test["accuracy"], self.expected["evaluation"]["accuracy"])
        self.assertAlmostEqual(test["loss"], self.expected["evaluation"]["loss"], delta=PROBABILITY_TOLERANCE)

    def test_serves_the_release(self):
        self.check_answers("model", self.expected["release"])

    def test_serves_the_hugging_face_folder(self):
        self.check_answers("huggingface", self.expected["huggingface"])

    def test_resumes_fine_tuning(self):
        same = self.resume("finetuning", self.expected["finetuning_flags"])
        self.check_weights(same, "finetuning/v1/model.safetensors", "model/v1/model.safetensors")
        for name in ("config.json", "spiece.model", "tokenizer_config.json"):
            self.assertEqual((self.folder / "finetuning/v1" / name).read_bytes(),
                             (self.folder / "model/v1" / name).read_bytes(), name)
        new, old = (read_json(self.folder / folder / "v1/manifest.json") for folder in ("finetuning", "model"))
        # Only the sizes: metrics and canaries depend on the machine, and the recipe has --resume.
        for name in ("metrics", "canaries", "recipe"):
            self.assertEqual(len(new[name]), len(old[name]))
        self.assertEqual(list(new), list(old))
        self.assertEqual((self.folder / "finetuning/CURRENT").read_text(), (self.folder / "model/CURRENT").read_text())

    def test_resumes_pre_training(self):
        same = self.resume("pretraining", self.expected["pretraining_flags"])
        self.check_weights(same, "pretraining/model.safetensors", "pretraining/expected.safetensors")

    def test_refuses_a_state_with_other_flags(self):
        self.adopt_state("finetuning", self.expected["finetuning_flags"])
        result = self.train(*self.expected["finetuning_flags"], "--model_dir=finetuning", "--resume", "--epochs=31")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("--epochs", result.stderr)


def load_tests(loader, _tests, _pattern):
    suite = unittest.TestSuite()
    for folder in VERSIONS:
        case = type(f"CompatibilityWith_{folder.name}", (CompatibilityTest,), {"version": folder})
        suite.addTests(loader.loadTestsFromTestCase(case))
    return suite


if __name__ == "__main__":
    assert VERSIONS, f"no golden files in {sys.argv[4]}"
    unittest.main(argv=sys.argv[:1], verbosity=2)
