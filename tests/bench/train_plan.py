"""What train_bench.py measures, how much of it, and against which bars."""

import dataclasses
import os
import pathlib
import random
import sys

import report

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = report.ROOT / "build" / "release" / "bin"

TEXTS = 7600  # all of AG News's test file: enough for 200 batches of the trainer's
SEED = 20240229
DEFAULT_BATCH = 32  # texts, in random order: how most scripts with transformers' Trainer have it
ARTICLE_BATCH = 4  # texts, which are as many tokens as the others' batches when padded to 512; more would take minutes

TRANSFORMERS_BAR = 2.0
PRODUCT_BAR = 0.6
# Largest difference of a step's loss from transformers' fp32, and how far at least the steps must take a batch's own loss,
# so that an agreement means that the same was learnt.
AGREEMENT_BARS = {"fp32": 1e-4, "bf16": 0.05}
LEARNT_BAR = 0.01


@dataclasses.dataclass
class Size:
    name: str
    sizes: dict  # of base_model.make
    warmup: int  # steps that nobody counts: the libraries prepare themselves for numbers of rows that they haven't seen
    steps: int  # that a contender takes before it is another's turn
    rounds: int


SMALL = {"layers": 3, "hidden": 256, "embedding": 128, "heads": 4, "intermediate": 1024}


def sizes(quick):
    return [Size("base", {}, warmup=0, steps=1, rounds=3 if quick else 7),
            Size("small", SMALL, warmup=60, steps=20, rounds=3 if quick else 7)]


def threads():
    return len(os.sched_getaffinity(0))


@dataclasses.dataclass(frozen=True)
class Contender:
    """A row of the table: who learns, in what precision, from which batches."""
    peer: str  # of train_peer.py; "ours" for ours
    precision: str
    batches: str = "planned"

    @property
    def worker(self):
        return f"{self.peer} {self.precision}"

    @property
    def name(self):
        what = {"planned": "", "random": f", {DEFAULT_BATCH} texts in random order",
                "article": f", {ARTICLE_BATCH} texts padded to 512"}[self.batches]
        return self.worker + what

    def command(self, folder, ids_path):
        if self.peer == "ours":
            return [PROGRAMS / "train_bench", folder, self.precision, threads(), ids_path]
        return [sys.executable, "-W", "ignore", HERE / "train_peer.py", self.peer, self.precision, folder, threads(), ids_path]


def contenders(precisions):
    """`precisions`: those that the processor has instructions for."""
    return [*(Contender("ours", precision) for precision in precisions),
            *(Contender("transformers", precision) for precision in precisions),
            *(Contender("transformers", precision, "random") for precision in precisions),
            Contender("article", "fp32", "article")]


def batches(planned):
    """By kind, lists of text numbers. `planned`: those of newsgenre's plan, which its trainer and transformers' both take."""
    numbers = list(range(TEXTS))
    random.Random(SEED).shuffle(numbers)

    def cut(size):
        return [numbers[first : first + size] for first in range(0, TEXTS - size + 1, size)]

    return {"planned": planned, "random": cut(DEFAULT_BATCH), "article": cut(ARTICLE_BATCH)}
