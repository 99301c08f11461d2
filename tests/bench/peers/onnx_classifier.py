"""ALBERT in ONNX Runtime behind transformers' tokenizer: what the peers' servers run for a text.

  onnx_classifier.py TOKENIZER_JSON --threads=N FILE.onnx…
times each file, a text at a time, and prints {file: median seconds} as JSON.

Reads lines of JSON strings, the texts, from standard input.
"""

import argparse
import json
import pathlib
import statistics
import sys
import time

import numpy as np
import onnxruntime
import tokenizers

MAX_TOKENS = 512


class OnnxClassifier:
    """`tokenizer` is the tokenizer.json that transformers wrote for the model, `file` an ONNX file with inputs input_ids and
    attention_mask. ONNX Runtime's own defaults otherwise: every graph optimization, threads that spin for work."""

    def __init__(self, tokenizer, file, threads):
        # Without the layers that transformers puts around it, which cost a millisecond a call.
        self.tokenizer = tokenizers.Tokenizer.from_file(tokenizer)
        self.tokenizer.enable_truncation(MAX_TOKENS)
        self.tokenizer.enable_padding(pad_id=self.tokenizer.token_to_id("<pad>"), pad_token="<pad>")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])

    def __call__(self, texts):
        """The probabilities, [texts, labels] float32."""
        encodings = self.tokenizer.encode_batch(texts)
        inputs = {"input_ids": np.array([encoding.ids for encoding in encodings], dtype=np.int64),
                  "attention_mask": np.array([encoding.attention_mask for encoding in encodings], dtype=np.int64)}
        (logits,) = self.session.run(None, inputs)
        exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
        return exponents / exponents.sum(axis=1, keepdims=True)


def median_seconds(classifier, texts):
    seconds = []
    for text in texts:
        start = time.perf_counter()
        classifier([text])
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokenizer")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    texts = [json.loads(line) for line in sys.stdin]
    times = {}
    for file in arguments.files:
        classifier = OnnxClassifier(arguments.tokenizer, file, arguments.threads)
        median_seconds(classifier, texts[:2])  # the first runs are slow
        times[pathlib.Path(file).name] = median_seconds(classifier, texts)
    print(json.dumps(times))


if __name__ == "__main__":
    main()
