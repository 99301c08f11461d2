#!/usr/bin/env python3
"""Writes tests/golden/albert: a tiny random ALBERT, a batch, and the logits and gradients of transformers.

Run it in the environment that tests/parity/run_albert.sh creates:
  build/parity-venv/bin/python tests/golden/make_albert_golden.py
"""

import json
import pathlib
import sys

from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "parity"))

import albert_reference as reference  # noqa: E402

SIZES = {
    "vocab_size": 60,
    "embedding_size": 8,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 64,
}
LENGTHS = [7, 3, 64, 30, 2, 12, 33, 50, 30, 9, 3]
SEED = 20240229


def main():
    folder = HERE / "albert"
    folder.mkdir(exist_ok=True)
    texts = reference.random_texts(SEED, LENGTHS, SIZES["vocab_size"])
    labels = [i % 4 for i in range(len(texts))]
    (folder / "batch.json").write_text(json.dumps({"texts": texts, "labels": labels}) + "\n")
    for activation in ("gelu", "gelu_new"):
        model = reference.random_model(SEED, hidden_act=activation, **SIZES)
        (folder / f"{activation}.json").write_text(model.config.to_json_string(use_diff=False))
        save_file(reference.head_weights(model, "pooler"), folder / "model.safetensors", metadata={"format": "pt"})
        for head in reference.HEADS:
            logits, gradients = reference.logits_and_gradients(model, head, texts, labels)
            save_file({"logits": logits, **gradients}, folder / f"{activation}_{head}.safetensors")


if __name__ == "__main__":
    main()
