"""Kills newsgenre_trainer repeatedly, resumes it, and expects the same model as from an undisturbed run.

Usage: resume_test.py TRAINER SAMPLE_CSV
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
import typing

TRAINER, SAMPLE = sys.argv[1:3]
ROWS = 200
FLAGS = [
    "--device=cpu", "--threads=2", "--vocab_size=500", "--embedding_size=16", "--hidden_size=16", "--layers=1",
    "--heads=2", "--max_tokens=64", "--dropout=0.1", "--epochs=3", "--batch_texts=16", "--save_steps=2",
]
TIMES = {"seconds", "texts_per_second", "tokens_per_second"}


class Kind(typing.NamedTuple):
    """A command of the trainer, and the files it leaves in the model folder."""

    command: list  # "FOLDER" is replaced by the data's folder
    kills: int
    last: str  # file that the command writes last
    weights: str
    left: list


KINDS = {
    "training": Kind(["--train=FOLDER/train.csv", "--model_version=v1", "--token_dropout=0.1"], 20, "report.html",
                     "v1/model.safetensors",
                     ["CURRENT", "report.html", "report.json", "report.md", "tensorboard", "v1"]),
    "pre-training": Kind(["pretrain", "--text=FOLDER/text.txt"], 8, "config.json", "model.safetensors",
                         ["config.json", "model.safetensors", "report.html", "report.json", "report.md", "spiece.model",
                          "tensorboard", "tokenizer_config.json"]),
}


def start(kind, folder, model_dir, *flags):
    words = [word.replace("FOLDER", folder) for word in kind.command]
    command = [TRAINER, *words, f"--model_dir={model_dir}", *FLAGS, *flags]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def run(kind, folder, model_dir):
    with start(kind, folder, model_dir) as child:
        _, log = child.communicate()
    assert child.returncode == 0, log.decode()


def is_done(kind, model_dir):
    """Returns whether everything is published and no state is left, although the process was killed."""
    states = os.path.join(model_dir, "training-state")
    names = os.listdir(states) if os.path.exists(states) else []
    left = any(name.startswith("state-") and ".tmp." not in name for name in names)
    return os.path.exists(os.path.join(model_dir, kind.last)) and not left


def run_with_kills(kind, folder, model_dir, longest, chance):
    """Returns how often the run was killed before it finished."""
    kills = 0
    while True:
        with start(kind, folder, model_dir, "--resume") as child:
            try:
                _, log = child.communicate(timeout=chance.uniform(0, longest))
            except subprocess.TimeoutExpired:
                child.kill()
                child.communicate()
                kills += 1
                if is_done(kind, model_dir):
                    return kills
                continue
        assert child.returncode == 0, log.decode()
        assert "training-state" not in os.listdir(model_dir)
        return kills


def outcome(kind, model_dir):
    """Returns the results that must not depend on interruptions."""
    with open(os.path.join(model_dir, kind.weights), "rb") as file:
        weights = file.read()
    with open(os.path.join(model_dir, "report.json"), encoding="utf-8") as file:
        report = json.load(file)
    epochs = [{name: value for name, value in epoch.items() if name not in TIMES} for epoch in report.get("epochs", [])]
    return weights, epochs, report["steps"], report.get("temperature"), report.get("held_out")


def check(name, folder, chance):
    kind = KINDS[name]
    began = time.monotonic()
    run(kind, folder, f"{folder}/{name}-whole")
    seconds = time.monotonic() - began
    expected = outcome(kind, f"{folder}/{name}-whole")
    kills, runs = 0, 0
    while kills < kind.kills:
        runs += 1
        model_dir = f"{folder}/{name}-killed-{runs}"
        kills += run_with_kills(kind, folder, model_dir, seconds, chance)
        assert outcome(kind, model_dir) == expected, f"{name} {runs} ended with another model or report"
        left = sorted(set(os.listdir(model_dir)) - {"training-state"})
        assert left == kind.left, f"{name} {runs} left {left}"
    print(f"{name}: killed {kills} times in {runs} runs; {time.monotonic() - began:.0f} s, "
          f"an undisturbed run {seconds:.1f} s")


def main():
    chance = random.Random(20)
    with tempfile.TemporaryDirectory() as folder:
        with open(SAMPLE, encoding="utf-8") as sample:
            rows = sample.readlines()[:ROWS]
        for name in ("train.csv", "text.txt"):
            with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
                file.writelines(rows)
        for name in KINDS:
            check(name, folder, chance)


if __name__ == "__main__":
    main()
