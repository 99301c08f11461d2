"""The measurements of train_bench.py, their sizes and their goals."""

import dataclasses
import os
import pathlib
import random
import sys

import report

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = report.ROOT / "build" / "release" / "bin"

TEXTS = 7600  # all texts of AG News's test file, enough for 200 of the trainer's batches
SEED = 20240229
DEFAULT_BATCH = 32  # texts in random order, as in most scripts with transformers' Trainer
ARTICLE_BATCH = 4  # texts; padded to 512 they have as many tokens as the other batches, and more would take minutes

TRANSFORMERS_GOAL = 2.0
PRODUCT_GOAL = 0.6
# Largest difference of a step's loss from transformers' fp32, and the least change of a batch's loss over the steps, without
# which agreement would mean nothing.
AGREEMENT_TOLERANCES = {"fp32": 1e-4, "bf16": 0.05}
MIN_LOSS_CHANGE = 0.01


@dataclasses.dataclass
class Size:
    name: str
    sizes: dict  # arguments of base_model.make
    warmup: int  # steps before the measurement, because the libraries prepare for new row counts
    steps: int  # per turn of a contender
    rounds: int


SMALL = {"layers": 3, "hidden": 256, "embedding": 128, "heads": 4, "intermediate": 1024}


def sizes(quick):
    return [Size("base", {}, warmup=0, steps=1, rounds=3 if quick else 7),
            Size("small", SMALL, warmup=60, steps=20, rounds=3 if quick else 7)]


def threads():
    return len(os.sched_getaffinity(0))


@dataclasses.dataclass(frozen=True)
class Contender:
    """A row of the table: a trainer with its precision and its kind of batches."""
    peer: str  # as for train_peer.py; "ours" for newsgenre
    precision: str
    batches: str = "planned"

    @property
    def worker(self):
        return f"{self.peer} {self.precision}"

    @property
    def name(self):
        suffix = {"planned": "", "random": f", {DEFAULT_BATCH} texts in random order",
                "article": f", {ARTICLE_BATCH} texts padded to 512"}[self.batches]
        return self.worker + suffix

    def command(self, folder, ids_path):
        if self.peer == "ours":
            return [PROGRAMS / "train_bench", folder, self.precision, threads(), ids_path]
        return [sys.executable, "-W", "ignore", HERE / "train_peer.py", self.peer, self.precision, folder, threads(), ids_path]


def contenders(precisions):
    """Returns the contenders. `precisions` are those for which the processor has instructions."""
    return [*(Contender("ours", precision) for precision in precisions),
            *(Contender("transformers", precision) for precision in precisions),
            *(Contender("transformers", precision, "random") for precision in precisions),
            Contender("article", "fp32", "article")]


def batches(planned):
    """Returns the batches by kind, as lists of text indexes. `planned` are the batches of newsgenre's epoch plan, which
    transformers runs, too."""
    numbers = list(range(TEXTS))
    random.Random(SEED).shuffle(numbers)

    def split(size):
        return [numbers[first : first + size] for first in range(0, TEXTS - size + 1, size)]

    return {"planned": planned, "random": split(DEFAULT_BATCH), "article": split(ARTICLE_BATCH)}
