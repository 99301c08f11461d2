"""LitServe with ONNX Runtime: POST /predict with {"text": …} returns {"probabilities": […]}.

  litserve_server.py TOKENIZER_JSON FILE.onnx --port=N --workers=N --threads=N --batch=N
"""

import argparse

import litserve

from onnx_classifier import OnnxClassifier

# How long the first text of a batch waits for others. With 0, LitServe's loop spins when it is idle.
BATCH_SECONDS = 0.002


class SingleTexts(litserve.LitAPI):
    """Classifies each text alone."""

    def __init__(self, arguments, **batching):
        super().__init__(**batching)
        self.arguments = arguments  # pickled with the object for the worker processes

    def setup(self, device):
        self.classifier = OnnxClassifier(self.arguments.tokenizer, self.arguments.file, self.arguments.threads)

    def decode_request(self, request):
        return request["text"]

    def predict(self, text):
        return self.classifier([text])[0]

    def encode_response(self, probabilities):
        return {"probabilities": probabilities.tolist()}


class Batches(SingleTexts):
    """Classifies texts in batches."""

    def batch(self, texts):
        return list(texts)

    def predict(self, texts):
        return self.classifier(texts)

    def unbatch(self, rows):
        return list(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokenizer")
    parser.add_argument("file")
    for name in ("port", "workers", "threads", "batch"):
        parser.add_argument(f"--{name}", type=int, required=True)
    arguments = parser.parse_args()
    batching = {"max_batch_size": arguments.batch, "batch_timeout": BATCH_SECONDS}
    api = SingleTexts(arguments) if arguments.batch == 1 else Batches(arguments, **batching)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=arguments.workers, timeout=600)
    server.run(host="127.0.0.1", port=arguments.port, num_api_servers=1, log_level="warning", generate_client_file=False)


if __name__ == "__main__":
    main()
