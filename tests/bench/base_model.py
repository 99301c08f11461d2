#!/usr/bin/env python3
"""Writes a Hugging Face folder of an ALBERT with random weights, the model of all benchmarks and peers.

  base_model.py FOLDER --vocabulary=SPIECE_MODEL [--layers=12] [--hidden=768] [--embedding=128] [--heads=12]
                [--intermediate=3072]

The sizes default to ALBERT-base's. The same sizes give bit-identical weights.
"""

import argparse
import json
import pathlib
import shutil

import numpy as np
from safetensors.numpy import save_file

SEED = 20240229
LABELS = ["World", "Sports", "Business", "Sci/Tech"]
VOCAB_SIZE = 30000
# Twice transformers' default, so that the network's outputs for two texts differ by far more than rounding.
STANDARD_DEVIATION = 0.04


def config(layers=12, hidden=768, embedding=128, heads=12, intermediate=3072):
    """Returns config.json of an AlbertForSequenceClassification."""
    return {
        "architectures": ["AlbertForSequenceClassification"], "model_type": "albert",
        "vocab_size": VOCAB_SIZE, "embedding_size": embedding, "hidden_size": hidden, "num_hidden_layers": layers,
        "num_hidden_groups": 1, "inner_group_num": 1, "num_attention_heads": heads, "intermediate_size": intermediate,
        "hidden_act": "gelu", "max_position_embeddings": 512, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
        "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "classifier_dropout_prob": 0.0,
        "initializer_range": STANDARD_DEVIATION, "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3,
        "id2label": {str(i): name for i, name in enumerate(LABELS)}, "label2id": {name: i for i, name in enumerate(LABELS)},
    }


def shapes(sizes):
    """Returns the name and shape of each tensor, in the order in which the weights are drawn."""
    embedding, hidden, inner = sizes["embedding_size"], sizes["hidden_size"], sizes["intermediate_size"]
    linear = lambda name, rows, columns: {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}  # noqa: E731
    norm = lambda name, width: {f"{name}.weight": (width,), f"{name}.bias": (width,)}  # noqa: E731
    layer = "albert.encoder.albert_layer_groups.0.albert_layers.0"
    return {
        "albert.embeddings.word_embeddings.weight": (sizes["vocab_size"], embedding),
        "albert.embeddings.position_embeddings.weight": (sizes["max_position_embeddings"], embedding),
        "albert.embeddings.token_type_embeddings.weight": (sizes["type_vocab_size"], embedding),
        **norm("albert.embeddings.LayerNorm", embedding),
        **linear("albert.encoder.embedding_hidden_mapping_in", hidden, embedding),
        **linear(f"{layer}.attention.query", hidden, hidden),
        **linear(f"{layer}.attention.key", hidden, hidden),
        **linear(f"{layer}.attention.value", hidden, hidden),
        **linear(f"{layer}.attention.dense", hidden, hidden),
        **norm(f"{layer}.attention.LayerNorm", hidden),
        **linear(f"{layer}.ffn", inner, hidden),
        **linear(f"{layer}.ffn_output", hidden, inner),
        **norm(f"{layer}.full_layer_layer_norm", hidden),
        **linear("albert.pooler", hidden, hidden),
        **linear("classifier", len(sizes["id2label"]), hidden),
    }


def weights(sizes):
    """Returns the tensors: normally distributed weights and biases, with a mean of 1 for the weights of norms."""
    generator = np.random.default_rng(SEED)
    tensors = {}
    for name, shape in shapes(sizes).items():
        drawn = generator.standard_normal(shape, dtype=np.float32) * np.float32(STANDARD_DEVIATION)
        is_norm = "norm.weight" in name.lower()
        tensors[name] = drawn + np.float32(1) if is_norm else drawn
    return tensors


def make(folder, vocabulary, **sizes):
    """Writes config.json, model.safetensors and spiece.model into `folder`, unless they exist already. Returns the folder."""
    folder = pathlib.Path(folder)
    text = json.dumps(config(**sizes), indent=1)
    written = folder / "config.json"
    if written.exists() and written.read_text(encoding="utf-8") == text:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    written.unlink(missing_ok=True)
    save_file(weights(config(**sizes)), folder / "model.safetensors", metadata={"format": "pt"})
    shutil.copyfile(vocabulary, folder / "spiece.model")
    written.write_text(text, encoding="utf-8")  # last, because it marks the folder as complete
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--vocabulary", required=True)
    for name in ("layers", "hidden", "embedding", "heads", "intermediate"):
        parser.add_argument(f"--{name}", type=int)
    arguments = vars(parser.parse_args())
    folder, vocabulary = arguments.pop("folder"), arguments.pop("vocabulary")
    make(folder, vocabulary, **{name: value for name, value in arguments.items() if value})


if __name__ == "__main__":
    main()
