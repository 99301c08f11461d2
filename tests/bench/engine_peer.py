#!/usr/bin/env python3
"""A peer's worker of engine_bench.py, which runs texts through transformers, ONNX Runtime or OpenVINO on request.

  engine_peer.py PEER PRECISION FOLDER THREADS IDS_JSON

PEER is transformers, onnxruntime, onnxruntime-fused or openvino. The protocol is that of engine_bench.cc: prints
{"precision": …, …} on stdout, then responds to each request {"texts": [indexes], "batch": size, "scores": bool} on stdin.
Batches are padded to their longest text. Preparing them is part of the measured time, as for newsgenre.
"""

import json
import pathlib
import sys
import time

import numpy as np

import padding


class Transformers:
    """AlbertForSequenceClassification with its default attention (scaled_dot_product_attention), in inference mode."""

    def __init__(self, folder, precision, threads):
        import torch
        from transformers import AlbertForSequenceClassification

        self._torch = torch
        torch.set_num_threads(threads)
        dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
        self._model = AlbertForSequenceClassification.from_pretrained(folder, dtype=dtype).eval()
        self.info = {"attention": self._model.config._attn_implementation}

    def logits(self, batches):
        results = []
        with self._torch.inference_mode():
            for batch in batches:
                inputs = {name: self._torch.from_numpy(array) for name, array in padding.padded(batch).items()}
                results.append(self._model(**inputs).logits.float().numpy())
        return results


class OnnxRuntime:
    """A session with all graph optimisations and the given number of threads."""

    def __init__(self, file, threads):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        self._session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        self.info = {"file": file.name}

    def logits(self, batches):
        return [self._session.run(None, padding.padded(batch))[0] for batch in batches]


class OpenVino:
    """A model compiled for latency (one batch at a time on all threads) and for throughput (one batch per thread). Uses the
    faster one."""

    def __init__(self, file, precision, threads):
        import openvino

        self._core = openvino.Core()
        settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32"}
        self._latency = self._core.compile_model(file, "CPU", {**settings, "PERFORMANCE_HINT": "LATENCY"})
        throughput = self._core.compile_model(file, "CPU", {**settings, "PERFORMANCE_HINT": "THROUGHPUT"})
        self._queue = openvino.AsyncInferQueue(throughput)
        self.info = {"file": file.name, "precision_hint": self._latency.get_property("INFERENCE_PRECISION_HINT").to_string(),
                     "streams": throughput.get_property("NUM_STREAMS")}
        self._mode = None  # self._sequential or self._parallel

    def choose_mode(self, batches):
        """Chooses the faster mode on the first request with several batches."""
        if len(batches) > 1 and not self._mode:
            self._mode = min([self._sequential, self._parallel], key=lambda mode: self._seconds(mode, batches))
            self.info["hint"] = "LATENCY" if self._mode == self._sequential else "THROUGHPUT"

    def logits(self, batches):
        # A single batch would leave streams idle in throughput mode.
        return self._sequential(batches) if len(batches) == 1 else self._mode(batches)

    def _seconds(self, mode, batches):
        mode(batches)
        start = time.perf_counter()
        mode(batches)
        return time.perf_counter() - start

    def _sequential(self, batches):
        return [self._latency(padding.padded(batch))[0] for batch in batches]

    def _parallel(self, batches):
        results = [None] * len(batches)

        def keep(request, index):
            results[index] = request.get_output_tensor(0).data.copy()

        self._queue.set_callback(keep)
        for index, batch in enumerate(batches):
            self._queue.start_async(padding.padded(batch), userdata=index)
        self._queue.wait_all()
        return results


def open_peer(peer, precision, folder, threads):
    if peer == "transformers":
        return Transformers(folder, precision, threads)
    if peer == "onnxruntime":
        return OnnxRuntime(folder / {"fp32": "model.onnx", "int8": "model_int8.onnx"}[precision], threads)
    if peer == "onnxruntime-fused":
        return OnnxRuntime(folder / "model_fused.onnx", threads)
    if peer == "openvino":
        return OpenVino(folder / "openvino" / ("int8.xml" if precision == "int8" else "fp32.xml"), precision, threads)
    raise ValueError(f"peer is '{peer}'; it must be transformers, onnxruntime, onnxruntime-fused or openvino")


def log_softmax(logits):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def respond(peer, texts, request):
    selected = [texts[number] for number in request["texts"]]
    size = request["batch"]
    batches = [selected[start : start + size] for start in range(0, len(selected), size)]
    if isinstance(peer, OpenVino):
        peer.choose_mode(batches)
    start = time.perf_counter()
    results = peer.logits(batches)
    response = {"seconds": time.perf_counter() - start}
    if isinstance(peer, OpenVino):
        response["hint"] = "LATENCY" if len(batches) == 1 else peer.info["hint"]
    if request.get("scores"):
        response["log_probabilities"] = log_softmax(np.concatenate(results).astype(np.float64)).tolist()
    return response


def main():
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    name, precision, folder, threads, ids = sys.argv[1:]
    texts = json.loads(pathlib.Path(ids).read_text(encoding="utf-8"))
    peer = open_peer(name, precision, pathlib.Path(folder), int(threads))
    print(json.dumps({"precision": precision, **peer.info}), flush=True)
    for line in sys.stdin:
        print(json.dumps(respond(peer, texts, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
