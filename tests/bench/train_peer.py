#!/usr/bin/env python3
"""A peer's side of train_bench.py: learns from batches as they are asked for, as train_bench.cc does.

  train_peer.py PEER PRECISION FOLDER THREADS IDS_JSON

PEER is transformers (its Trainer with AlbertForSequenceClassification; bf16 is its autocast) or article (a loop with
AlbertModel, every text padded to 512, Adam; fp32 only). Says {"precision": …} on stdout, then answers each line
{"batches": [[numbers]…]} on stdin, a step each, with {"seconds": …, "losses": […]}. Text i has label i mod 4; the learning
rate is 1e-5 throughout. Reading a batch does not count.
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


class Conversation:
    """The batches that stdin asks for, and the answers."""

    def __init__(self, texts):
        self._texts = texts
        self._asked = 0
        self._steps = []  # (seconds, loss)

    def batches(self):
        for line in sys.stdin:
            batches = json.loads(line)["batches"]
            self._asked, self._steps = len(batches), []
            for rows in batches:
                inputs = padding.padded([self._texts[row] for row in rows])
                yield {**{name: torch.from_numpy(array) for name, array in inputs.items()},
                       "labels": torch.tensor([row % LABELS for row in rows])}

    def step_done(self, seconds, loss):
        """`loss`: a tensor; read when the last step is done."""
        self._steps.append((seconds, loss))
        if len(self._steps) == self._asked:
            seconds, losses = zip(*self._steps, strict=True)
            print(json.dumps({"seconds": sum(seconds), "losses": [loss.item() for loss in losses]}), flush=True)


class AskedBatches(torch.utils.data.IterableDataset):
    """Ends with EOFError: the Trainer would look for its other steps for ever."""

    def __init__(self, conversation):
        self._conversation = conversation

    def __iter__(self):
        yield from self._conversation.batches()
        raise EOFError


class Trainer(transformers.Trainer):
    """Takes the batches as they are, so that none is read ahead of the step before, and keeps a step's loss."""

    def __init__(self, conversation, **rest):
        super().__init__(**rest)
        self._loader = torch.utils.data.DataLoader(AskedBatches(conversation), batch_size=None)
        self.loss = None

    def get_train_dataloader(self):
        return self._loader

    def training_step(self, *arguments, **rest):
        self.loss = super().training_step(*arguments, **rest)
        return self.loss


class Stopwatch(transformers.TrainerCallback):
    """From the beginning of each of the Trainer's steps to its end."""

    def __init__(self, conversation):
        self._conversation = conversation
        self.trainer = None

    def on_step_begin(self, *_, **__):
        self._start = time.perf_counter()

    def on_step_end(self, *_, **__):
        self._conversation.step_done(time.perf_counter() - self._start, self.trainer.loss)


def train_with_transformers(folder, precision, conversation):
    model = transformers.AlbertForSequenceClassification.from_pretrained(folder, dtype=torch.float32)
    arguments = transformers.TrainingArguments(
        output_dir="unused", use_cpu=True, bf16=precision == "bf16", optim="adamw_torch_fused", learning_rate=LEARNING_RATE,
        weight_decay=0.01, max_grad_norm=1.0, lr_scheduler_type="constant", max_steps=10**9, disable_tqdm=True,
        eval_strategy="no", logging_strategy="no", save_strategy="no", report_to="none")
    stopwatch = Stopwatch(conversation)
    trainer = Trainer(conversation, model=model, args=arguments, callbacks=[stopwatch])
    stopwatch.trainer = trainer
    with contextlib.suppress(EOFError):
        trainer.train()


def train_as_the_article(folder, conversation):
    """The first token of the last layer through a linear map, as a loop of PyTorch has it."""
    albert = transformers.AlbertModel.from_pretrained(folder, add_pooling_layer=False, dtype=torch.float32).train()
    linear = torch.nn.Linear(albert.config.hidden_size, LABELS)
    optimizer = torch.optim.Adam([*albert.parameters(), *linear.parameters()], lr=LEARNING_RATE)
    for batch in conversation.batches():
        labels = batch.pop("labels")
        missing = (0, ARTICLE_LENGTH - batch["input_ids"].size(1))
        inputs = {name: torch.nn.functional.pad(tensor, missing) for name, tensor in batch.items()}
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(linear(albert(**inputs).last_hidden_state[:, 0]), labels)
        loss.backward()
        optimizer.step()
        conversation.step_done(time.perf_counter() - start, loss.detach())


def main():
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    peer, precision, folder, threads, ids = sys.argv[1:]
    torch.set_num_threads(int(threads))
    transformers.logging.set_verbosity_error()
    conversation = Conversation(json.loads(pathlib.Path(ids).read_text(encoding="utf-8")))
    print(json.dumps({"precision": precision}), flush=True)
    if peer == "article":
        train_as_the_article(folder, conversation)
    else:
        train_with_transformers(folder, precision, conversation)


if __name__ == "__main__":
    main()
