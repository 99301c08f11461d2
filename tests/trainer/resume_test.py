"""Kills newsgenre_trainer again and again, goes on with --resume, and wants the very model of a run that nobody killed.

Usage: resume_test.py TRAINER SAMPLE_CSV
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time

TRAINER, SAMPLE = sys.argv[1:3]
KILLS = 20
ROWS = 200
FLAGS = [
    "--model_version=v1", "--device=cpu", "--threads=2", "--vocab_size=500", "--embedding_size=16",
    "--hidden_size=16", "--layers=1", "--heads=2", "--max_tokens=64", "--dropout=0.1", "--token_dropout=0.1",
    "--epochs=3", "--batch_texts=16", "--save_steps=2",
]
TIMES = {"seconds", "texts_per_second", "tokens_per_second"}
LEFT = ["CURRENT", "report.html", "report.json", "report.md", "tensorboard", "v1"]


def start(folder, model_dir, *flags):
    command = [TRAINER, f"--train={folder}/train.csv", f"--model_dir={model_dir}", *FLAGS, *flags]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def run(folder, model_dir):
    with start(folder, model_dir) as child:
        _, log = child.communicate()
    assert child.returncode == 0, log.decode()


def is_done(model_dir):
    """Whether all is published and no state is left, though the process was killed on its last breath."""
    states = os.path.join(model_dir, "training-state")
    names = os.listdir(states) if os.path.exists(states) else []
    left = any(name.startswith("state-") and ".tmp." not in name for name in names)
    return os.path.exists(os.path.join(model_dir, "report.html")) and not left


def run_with_kills(folder, model_dir, longest, chance):
    """Returns how often the run was killed before it was done."""
    kills = 0
    while True:
        with start(folder, model_dir, "--resume") as child:
            try:
                _, log = child.communicate(timeout=chance.uniform(0, longest))
            except subprocess.TimeoutExpired:
                child.kill()
                child.communicate()
                kills += 1
                if is_done(model_dir):
                    return kills
                continue
        assert child.returncode == 0, log.decode()
        assert "training-state" not in os.listdir(model_dir)
        return kills


def outcome(model_dir):
    """What must not depend on what happened meanwhile."""
    with open(os.path.join(model_dir, "v1", "model.safetensors"), "rb") as file:
        weights = file.read()
    with open(os.path.join(model_dir, "report.json"), encoding="utf-8") as file:
        report = json.load(file)
    epochs = [{name: value for name, value in epoch.items() if name not in TIMES} for epoch in report["epochs"]]
    return weights, epochs, report["steps"], report["temperature"]


def main():
    chance = random.Random(20)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        with open(SAMPLE, encoding="utf-8") as sample, open(f"{folder}/train.csv", "w", encoding="utf-8") as file:
            file.writelines(sample.readlines()[:ROWS])
        run(folder, f"{folder}/whole")
        seconds = time.monotonic() - began
        expected = outcome(f"{folder}/whole")
        kills, runs = 0, 0
        while kills < KILLS:
            runs += 1
            model_dir = f"{folder}/killed-{runs}"
            kills += run_with_kills(folder, model_dir, seconds, chance)
            assert outcome(model_dir) == expected, f"run {runs} ended with another model or report"
            left = sorted(set(os.listdir(model_dir)) - {"training-state"})
            assert left == LEFT, f"run {runs} left {left}"
    print(f"killed {kills} times in {runs} runs; {time.monotonic() - began:.0f} s, an undisturbed run {seconds:.1f} s")


if __name__ == "__main__":
    main()
