#!/usr/bin/env python3
"""A peer's worker of train_bench.py, which trains on batches on request.

  train_peer.py PEER PRECISION FOLDER THREADS IDS_JSON

PEER is transformers (its Trainer with AlbertForSequenceClassification; bf16 is its autocast) or article (a loop with
AlbertModel and Adam, with all texts padded to 512; fp32 only). The protocol is that of train_bench.cc: prints
{"precision": …} on stdout. For each request {"batches": [[indexes]…]} on stdin, makes a step with each batch and responds
with {"seconds": …, "losses": […]}. Text i has label i mod 4. The learning rate is constant, 1e-5. Reading a batch is not
part of the measured time.
"""

import contextlib
import json
import pathlib
import sys
import time

import torch
import transformers

import padding

LEARNING_RATE = 1e-5
LABELS = 4
ARTICLE_LENGTH = 512


class RequestStream:
    """Yields the batches of the requests on stdin, and prints the responses."""

    def __init__(self, texts):
        self._texts = texts
        self._requested = 0  # steps of the current request
        self._steps = []  # (seconds, loss)

    def batches(self):
        for line in sys.stdin:
            batches = json.loads(line)["batches"]
            self._requested, self._steps = len(batches), []
            for rows in batches:
                inputs = padding.padded([self._texts[row] for row in rows])
                yield {**{name: torch.from_numpy(array) for name, array in inputs.items()},
                       "labels": torch.tensor([row % LABELS for row in rows])}

    def step_done(self, seconds, loss):
        """Records a step, and responds after the last one. `loss` is a tensor whose value is read only then."""
        self._steps.append((seconds, loss))
        if len(self._steps) == self._requested:
            seconds, losses = zip(*self._steps, strict=True)
            print(json.dumps({"seconds": sum(seconds), "losses": [loss.item() for loss in losses]}), flush=True)


class RequestedBatches(torch.utils.data.IterableDataset):
    """The batches of a RequestStream. Ends with EOFError, because the Trainer would wait for its remaining steps forever."""

    def __init__(self, requests):
        self._requests = requests

    def __iter__(self):
        yield from self._requests.batches()
        raise EOFError


class Trainer(transformers.Trainer):
    """Takes the batches unchanged, reads none ahead, and keeps the loss of the last step."""

    def __init__(self, requests, **rest):
        super().__init__(**rest)
        self._loader = torch.utils.data.DataLoader(RequestedBatches(requests), batch_size=None)
        self.loss = None

    def get_train_dataloader(self):
        return self._loader

    def training_step(self, *arguments, **rest):
        self.loss = super().training_step(*arguments, **rest)
        return self.loss


class Stopwatch(transformers.TrainerCallback):
    """Measures each step of the Trainer."""

    def __init__(self, requests):
        self._requests = requests
        self.trainer = None

    def on_step_begin(self, *_, **__):
        self._start = time.perf_counter()

    def on_step_end(self, *_, **__):
        self._requests.step_done(time.perf_counter() - self._start, self.trainer.loss)


def train_with_transformers(folder, precision, requests):
    model = transformers.AlbertForSequenceClassification.from_pretrained(folder, dtype=torch.float32)
    arguments = transformers.TrainingArguments(
        output_dir="unused", use_cpu=True, bf16=precision == "bf16", optim="adamw_torch_fused", learning_rate=LEARNING_RATE,
        weight_decay=0.01, max_grad_norm=1.0, lr_scheduler_type="constant", max_steps=10**9, disable_tqdm=True,
        eval_strategy="no", logging_strategy="no", save_strategy="no", report_to="none")
    stopwatch = Stopwatch(requests)
    trainer = Trainer(requests, model=model, args=arguments, callbacks=[stopwatch])
    stopwatch.trainer = trainer
    with contextlib.suppress(EOFError):
        trainer.train()


def train_like_the_article(folder, requests):
    """Trains in a plain loop of PyTorch, with a linear map of the last layer's first token."""
    albert = transformers.AlbertModel.from_pretrained(folder, add_pooling_layer=False, dtype=torch.float32).train()
    linear = torch.nn.Linear(albert.config.hidden_size, LABELS)
    optimizer = torch.optim.Adam([*albert.parameters(), *linear.parameters()], lr=LEARNING_RATE)
    for batch in requests.batches():
        labels = batch.pop("labels")
        padding_width = (0, ARTICLE_LENGTH - batch["input_ids"].size(1))
        inputs = {name: torch.nn.functional.pad(tensor, padding_width) for name, tensor in batch.items()}
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(linear(albert(**inputs).last_hidden_state[:, 0]), labels)
        loss.backward()
        optimizer.step()
        requests.step_done(time.perf_counter() - start, loss.detach())


def main():
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    peer, precision, folder, threads, ids = sys.argv[1:]
    torch.set_num_threads(int(threads))
    transformers.logging.set_verbosity_error()
    requests = RequestStream(json.loads(pathlib.Path(ids).read_text(encoding="utf-8")))
    print(json.dumps({"precision": precision}), flush=True)
    if peer == "article":
        train_like_the_article(folder, requests)
    else:
        train_with_transformers(folder, precision, requests)


if __name__ == "__main__":
    main()
