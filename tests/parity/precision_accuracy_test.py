#!/usr/bin/env python3
"""Trains a small ALBERT on a part of AG News and checks the limits of bf16 and int8 on validation rows.

  precision_accuracy_test.py TRAINER PRECISION_ACCURACY

The arguments are the programs newsgenre_trainer and precision_accuracy, whose source states the limits. Needs
NEWSGENRE_DATA, the folder that holds ag_news/train.csv; without it the test is skipped (exit status 77). Takes about a
minute and a half on two cores.
"""

import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROWS = 24000  # the trainer uses a tenth of them for validation
SEED = 4
FLAGS = ["--vocab_size=4000", "--max_tokens=128", "--embedding_size=64", "--hidden_size=128", "--layers=3", "--heads=4",
         "--dropout=0", "--learning_rate=0.002", "--epochs=2"]


def main():
    trainer, precision_accuracy = sys.argv[1:]
    data = os.environ.get("NEWSGENRE_DATA")
    if not data:
        print("skipped: NEWSGENRE_DATA names no folder with ag_news/train.csv")
        sys.exit(77)
    # Each row of AG News is one line.
    lines = (pathlib.Path(data) / "ag_news" / "train.csv").read_bytes().splitlines(keepends=True)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "train.csv").write_bytes(b"".join(random.Random(SEED).sample(lines, ROWS)))
        subprocess.run([trainer, f"--train={folder / 'train.csv'}", f"--model_dir={folder / 'model'}", *FLAGS], check=True)
        sys.exit(subprocess.run([precision_accuracy, folder / "model", folder / "train.csv"]).returncode)


if __name__ == "__main__":
    main()
