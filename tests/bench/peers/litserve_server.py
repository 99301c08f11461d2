"""LitServe with ONNX Runtime: POST /predict with {"text": …} answers {"probabilities": […]}.

  litserve_server.py TOKENIZER_JSON FILE.onnx --port=N --workers=N --threads=N --batch=N
"""

import argparse

import litserve

from onnx_classifier import OnnxClassifier

# How long the first of a batch waits for others: without any, LitServe's loop spins when it has nothing to do.
BATCH_SECONDS = 0.002


class OneByOne(litserve.LitAPI):
    def __init__(self, arguments, **batching):
        super().__init__(**batching)
        self.arguments = arguments  # goes to the workers' processes with the object

    def setup(self, device):
        self.classifier = OnnxClassifier(self.arguments.tokenizer, self.arguments.file, self.arguments.threads)

    def decode_request(self, request):
        return request["text"]

    def predict(self, text):
        return self.classifier([text])[0]

    def encode_response(self, probabilities):
        return {"probabilities": probabilities.tolist()}


class Batched(OneByOne):
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
    api = OneByOne(arguments) if arguments.batch == 1 else Batched(arguments, **batching)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=arguments.workers, timeout=600)
    server.run(host="127.0.0.1", port=arguments.port, num_api_servers=1, log_level="warning", generate_client_file=False)


if __name__ == "__main__":
    main()
