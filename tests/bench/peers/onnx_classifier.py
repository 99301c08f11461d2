"""Classifies texts with transformers' tokenizer and an ALBERT in ONNX Runtime, for the peers' servers.

  onnx_classifier.py TOKENIZER_JSON --threads=N FILE.onnx…
Times each file in batches of one text, and prints {file: median seconds} as JSON. Reads the texts from standard input, one
JSON string per line.
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
    """A tokenizer and a session. `tokenizer` is the path of the model's tokenizer.json, as transformers writes it. `file` is an
    ONNX file with inputs input_ids and attention_mask. Other options are ONNX Runtime's defaults: all graph optimizations, and
    threads that spin for work."""

    def __init__(self, tokenizer, file, threads):
        # Uses tokenizers directly: the layers of transformers around it take a millisecond per call.
        self.tokenizer = tokenizers.Tokenizer.from_file(tokenizer)
        self.tokenizer.enable_truncation(MAX_TOKENS)
        self.tokenizer.enable_padding(pad_id=self.tokenizer.token_to_id("<pad>"), pad_token="<pad>")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])

    def __call__(self, texts):
        """Returns the probabilities, [texts, labels] float32."""
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
        median_seconds(classifier, texts[:2])  # warm-up
        times[pathlib.Path(file).name] = median_seconds(classifier, texts)
    print(json.dumps(times))


if __name__ == "__main__":
    main()
