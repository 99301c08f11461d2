#!/usr/bin/env python3
"""Writes tests/golden/import: tiny random models saved by PyTorch and transformers, and their outputs.

Run it in the environment that tests/parity/run_albert.sh creates:
  build/parity-venv/bin/python tests/golden/make_import_golden.py
"""

import copy
import json
import pathlib
import shutil
import sys
import tempfile

import torch
from transformers import AlbertForMaskedLM, AlbertModel

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "parity"))

import albert_reference as reference  # noqa: E402

OUT = HERE / "import"
SIZES = {
    "vocab_size": 60,
    "embedding_size": 4,
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 32,
}
LENGTHS = [7, 3, 32, 20, 2]
SEED = 20240229
LABELS = ["red", "green", "blue", "grey"]


class Article(torch.nn.Module):
    """The article's classifier: a linear map of the last layer's first token."""

    def __init__(self, model):
        super().__init__()
        self.bert = model.albert
        self.linear = model.classifier

    def forward(self, **batch):
        return self.linear(self.bert(**batch).last_hidden_state[:, 0])


def save_article(model):
    """Saves the model in both formats of torch.save.

    The file in the older format has half precision, the names of DataParallel, a transposed view, and two tensors in one
    storage. Returns the model in full precision and rounded to half precision.
    """
    (OUT / "article").mkdir()
    article = Article(copy.deepcopy(model)).eval()
    torch.save(article.state_dict(), OUT / "article" / "article.pt")
    model.config.to_json_file(OUT / "article" / "config.json", use_diff=False)

    odd = {f"module.{name}": tensor.half() for name, tensor in article.state_dict().items()}
    odd["module.linear.weight"] = odd["module.linear.weight"].t().contiguous().t()
    both = torch.cat([odd["module.bert.embeddings.LayerNorm.weight"], odd["module.bert.embeddings.LayerNorm.bias"]])
    odd["module.bert.embeddings.LayerNorm.weight"] = both[:4]
    odd["module.bert.embeddings.LayerNorm.bias"] = torch.nn.Parameter(both[4:])
    odd["module.bert.embeddings.position_ids"] = torch.arange(32).expand(1, -1)
    torch.save(odd, OUT / "article" / "older_half.pt", _use_new_zipfile_serialization=False)
    half = copy.deepcopy(article).half().float()
    return article, half


def save_folders(model):
    """Saves the model in the current format of save_pretrained (sharded safetensors) and in the older one (torch.save)."""
    model.config.id2label = dict(enumerate(LABELS))
    model.config.label2id = {label: i for i, label in enumerate(LABELS)}
    model.save_pretrained(OUT / "sharded", max_shard_size="3KB")
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        (OUT / "bin").mkdir()
        shutil.copy(pathlib.Path(folder) / "config.json", OUT / "bin")
    torch.save(model.state_dict(), OUT / "bin" / "pytorch_model.bin")


def save_masked_lm(model):
    masked = AlbertForMaskedLM(model.config).eval()
    masked.save_pretrained(OUT / "masked_lm")
    return masked


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    model = reference.random_model(SEED, **SIZES)
    texts = reference.random_texts(SEED, LENGTHS, SIZES["vocab_size"])
    batch = reference.padded(texts)
    with torch.no_grad():
        article, half = save_article(model)
        expected = {"article": article(**batch), "older_half": half(**batch), "pooler": model(**batch).logits}
        save_folders(model)
        expected["masked_lm"] = reference.first_tokens(save_masked_lm(model).albert, texts)
    values = {name: tensor.tolist() for name, tensor in expected.items()}
    (OUT / "expected.json").write_text(json.dumps({"texts": texts, **values}) + "\n")


if __name__ == "__main__":
    main()
