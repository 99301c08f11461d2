"""The measurements of engine_bench.py, their sizes and their goals."""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys

import news
import report

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = report.ROOT / "build" / "release" / "bin"

BATCHES = [1, 8, 32, 128]
TEXTS = 128
PIECE = 16  # texts per turn of a contender, or one batch if that is more
WARM_UP = {1: 4, 8: 8, 32: 16}  # texts per batch size before the measurement; a batch of 128 needs none
CHUNK = 32  # texts per turn when newsgenre's batch sizes are compared
DUEL_PIECE = 32  # texts per turn in the duel
AGREEMENT_TEXTS = 8
EMULATED_TEXTS = 2
# Texts that calibrate OpenVINO's int8 model. They are not measured.
CALIBRATION_TEXTS, CALIBRATION_FIRST = 128, 1000

FP32_GOAL = 1.2
LOWER_PRECISION_GOAL = 1.5
GROWTH_GOAL = 0.97
PRODUCT_GOALS = {"fp32": 0.85, "bf16": 0.75, "int8": 0.70}


def piece(batch):
    return max(batch, PIECE)


@dataclasses.dataclass
class Setting:
    quick: bool
    threads: int
    survey_texts: int
    cells: list  # (order, batch size) of the survey; for batches of 1 the order does not matter
    duel_rounds: int
    size_rounds: int


def setting(quick):
    threads = len(os.sched_getaffinity(0))
    if quick:
        # 32 texts are one batch of 32, which is the same in both orders. Batches of 128 run in the third part only.
        cells = [("arrival", 1), ("arrival", 8), ("arrival", 32), ("length", 8)]
        return Setting(True, threads, survey_texts=32, cells=cells, duel_rounds=4, size_rounds=1)
    # 128 texts are one batch of 128, which is the same in both orders.
    cells = [("arrival", batch) for batch in BATCHES] + [("length", batch) for batch in BATCHES[1:-1]]
    return Setting(False, threads, survey_texts=TEXTS, cells=cells, duel_rounds=8, size_rounds=3)


def orders(texts):
    """Returns the indexes of the texts in each order."""
    return {"arrival": list(range(len(texts))), "length": sorted(range(len(texts)), key=lambda number: len(texts[number]))}


@dataclasses.dataclass
class Contender:
    name: str  # ends with the precision
    peer: str  # as for engine_peer.py; empty for newsgenre

    @property
    def precision(self):
        return self.name.rsplit(" ", 1)[1]

    def command(self, folder, threads, ids_path):
        if not self.peer:
            return [PROGRAMS / "engine_bench", folder, self.precision, threads, ids_path]
        return [sys.executable, HERE / "engine_peer.py", self.peer, self.precision, folder, threads, ids_path]

    def refusal(self, info):
        """Returns why the started contender does not match its name, or an empty string if it does."""
        if info["precision"] != self.precision:
            return f"serves in {info['precision']} here"
        if self.precision == "bf16" and "bf16" not in info.get("precision_hint", "bf16"):
            return f"computes in {info['precision_hint']} on this processor"
        return ""


def contenders():
    return [Contender("ours fp32", ""), Contender("ours bf16", ""), Contender("ours int8", ""),
            Contender("transformers fp32", "transformers"), Contender("transformers bf16", "transformers"),
            Contender("ONNX Runtime fp32", "onnxruntime"), Contender("ONNX Runtime fused fp32", "onnxruntime-fused"),
            Contender("ONNX Runtime int8", "onnxruntime"),
            Contender("OpenVINO fp32", "openvino"), Contender("OpenVINO bf16", "openvino"),
            Contender("OpenVINO int8", "openvino")]


def write_ids(folder):
    """Writes the token ids of the measured texts, which every contender reads, and returns the path."""
    path = folder / "ids.json"
    path.write_text(json.dumps(news.ids(PROGRAMS, news.texts(TEXTS))), encoding="utf-8")
    return path


def make_peer_models(folder):
    """Writes the peers' copies of the model in `folder`."""
    calibration = folder.parent / "calibration_ids.json"
    texts = news.texts(CALIBRATION_TEXTS, CALIBRATION_FIRST)
    calibration.write_text(json.dumps(news.ids(PROGRAMS, texts)), encoding="utf-8")
    subprocess.run([sys.executable, "-W", "ignore", HERE / "engine_models.py", folder, f"--texts={calibration}"], check=True)
