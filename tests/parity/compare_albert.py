#!/usr/bin/env python3
"""Compares our ALBERT with that of transformers at base size, opens published and pre-trained folders with
transformers, and prints a table.

  compare_albert.py BIN_FOLDER

BIN_FOLDER holds the programs albert_forward, encode_texts, masked_lm_forward and newsgenre_trainer.
tests/parity/run_albert.sh calls it in an environment with the packages that it needs. Everything is in fp32 on the CPU,
without dropout. The exit status is 1 if a value exceeds its limit.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import load_file, save_file
from transformers import AlbertForMaskedLM, AlbertForSequenceClassification, AlbertModel, AutoTokenizer
from transformers.utils import logging

import albert_reference as reference

BASE = {
    "vocab_size": 30000,
    "embedding_size": 128,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "max_position_embeddings": 512,
}
LENGTHS = [3, 512, 60, 17, 200, 384, 100, 31, 8, 45]
SEED = 20240229

SAMPLE = pathlib.Path(__file__).parents[2] / "deploy/sample/train.csv"

LOGITS_LIMIT = 1e-5
LOSS_LIMIT = 1e-5
PROBABILITIES_LIMIT = 1e-6
GRADIENTS_LIMIT = 1e-4

NEWS = [
    "Café owners shrug off the new “sugar” levy, 3,000 of them say.",
    "The striker limped off; her team kept its lead, 2-1.",
    "",
    "[MASK] is not a token here.",
]


class Report:
    """Prints one line per value and remembers whether all are within their limits."""

    def __init__(self):
        self.passed = True

    def line(self, case, what, value, limit):
        good = value <= limit
        self.passed &= good
        print(f"{case:<18} {what:<58} {value:>9.2e} {limit:>9.0e}  {'ok' if good else 'MISS'}", flush=True)


def run(*command):
    return subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def largest_difference(a, b):
    return (a - b).abs().max().item()


def worst_gradient(ours, theirs):
    """Returns the largest ‖ours − theirs‖ / max(‖theirs‖, 1e-3 ‖all of theirs‖) of a parameter, and its name."""
    whole = torch.stack([g.norm() for g in theirs.values()]).norm()
    ratios = {
        name: ((ours[f"gradient.{name}"] - gradient).norm() / max(gradient.norm(), 1e-3 * whole)).item()
        for name, gradient in theirs.items()
    }
    name = max(ratios, key=ratios.get)
    return ratios[name], name


def compare_at_base_size(programs, folder, activation, report):
    model = reference.random_model(SEED, hidden_act=activation, **BASE)
    texts = reference.random_texts(SEED, LENGTHS, BASE["vocab_size"])
    labels = [i % 4 for i in range(len(texts))]
    (folder / "config.json").write_text(model.config.to_json_string(use_diff=False))
    (folder / "batch.json").write_text(json.dumps({"texts": texts, "labels": labels}))
    for head in reference.HEADS:
        case = f"{activation} {head}"
        save_file(reference.head_weights(model, head), folder / "model.safetensors")
        run(programs / "albert_forward", "compute", folder, folder / "batch.json", folder / "ours", head)
        ours = load_file(folder / "ours")
        logits, gradients = reference.logits_and_gradients(model, head, texts, labels)
        report.line(case, "logits, largest difference", largest_difference(ours["logits"], logits), LOGITS_LIMIT)
        difference = largest_difference(ours["engine"], logits)
        report.line(case, "serving network's logits in fp32, largest difference", difference, LOGITS_LIMIT)
        ratio, name = worst_gradient(ours, gradients)
        name = name.replace("albert.encoder.albert_layer_groups.0.albert_layers.0.", "…")
        report.line(case, f"gradients, worst of {len(gradients)}: {name}", ratio, GRADIENTS_LIMIT)
        for path, whole in (("", "logits"), ("engine_", "engine")):
            together = ours[whole].softmax(-1)
            for batching in ("alone", "grouped"):
                difference = largest_difference(ours[path + batching], together)
                what = f"{path.replace('_', ', ')}probabilities, {batching} against all together"
                report.line(case, what, difference, PROBABILITIES_LIMIT)


def opens_without_missing_weights(cls, release, allowed=()):
    """Returns the model and the number of its weights that the file lacks, without those in `allowed`."""
    model, info = cls.from_pretrained(release, output_loading_info=True)
    return model.eval(), len(set(info["missing_keys"]) - set(allowed)) + len(info["mismatched_keys"])


def open_our_folder(programs, folder, head, report):
    case = f"our folder, {head}"
    release = pathlib.Path(run(programs / "albert_forward", "publish", folder / head, head))
    tokenizer = AutoTokenizer.from_pretrained(release)
    texts = tokenizer(NEWS, split_special_tokens=True)["input_ids"]
    lines = "".join(json.dumps(text) + "\n" for text in NEWS)
    encode = [programs / "encode_texts", release / "spiece.model", "512"]
    ours = subprocess.run(encode, check=True, input=lines, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    different = sum(json.loads(line) != ids for line, ids in zip(ours, texts, strict=True))
    report.line(case, "AutoTokenizer, texts with other ids", different, 0)

    (folder / "batch.json").write_text(json.dumps({"texts": texts, "labels": [0] * len(texts)}))
    run(programs / "albert_forward", "compute", release, folder / "batch.json", folder / "ours", head)
    logits = load_file(folder / "ours")["logits"]
    pooler = () if head == "pooler" else ("pooler.weight", "pooler.bias")
    encoder, missing = opens_without_missing_weights(AlbertModel, release, pooler)
    report.line(case, "AlbertModel, weights missing", missing, 0)
    if head == "pooler":
        model, missing = opens_without_missing_weights(AlbertForSequenceClassification, release)
        report.line(case, "AlbertForSequenceClassification, weights missing", missing, 0)
        theirs = reference.logits(model, head, texts)
    else:
        weights = load_file(release / "model.safetensors")
        first = reference.first_tokens(encoder, texts)
        theirs = torch.nn.functional.linear(first, weights["classifier.weight"], weights["classifier.bias"])
    report.line(case, "logits, largest difference", largest_difference(logits, theirs), LOGITS_LIMIT)


def pretrain(programs, folder):
    """Pre-trains a masked-language model for seconds, so that every weight changes, and returns its folder."""
    run(programs / "newsgenre_trainer", "pretrain", f"--text={SAMPLE}", f"--model_dir={folder / 'pretrained'}",
        "--vocab_size=1000", "--max_tokens=64", "--embedding_size=32", "--hidden_size=128", "--layers=3",
        "--epochs=4", "--learning_rate=0.01", "--device=cpu", "--precision=fp32")
    return folder / "pretrained"


def compare_masked_lm_folder(programs, folder, model_folder, texts, case, report):
    """Compares logits, loss and gradients on texts with masked tokens. Returns our results and the model."""
    (folder / "batch.json").write_text(json.dumps({"texts": texts}))
    run(programs / "masked_lm_forward", model_folder, folder / "batch.json", folder / "ours")
    ours = load_file(folder / "ours")
    model, info = AlbertForMaskedLM.from_pretrained(model_folder, output_loading_info=True, attn_implementation="eager")
    report.line(case, "AlbertForMaskedLM, weights missing or unexpected", sum(map(len, info.values())), 0)
    tied = model.predictions.decoder.weight is model.albert.embeddings.word_embeddings.weight
    report.line(case, "AlbertForMaskedLM, weights that should be tied", int(not tied), 0)

    lengths = list(map(len, texts))
    masked = [ids.tolist() for ids in ours["ids"].long().split(lengths)]
    padded = model.eval()(**reference.padded(masked)).logits
    logits = torch.cat([padded[i, :length] for i, length in enumerate(lengths)])
    loss = torch.nn.functional.cross_entropy(logits[ours["rows"].long()], ours["labels"].long())
    loss.backward()
    report.line(case, "logits, largest difference", largest_difference(ours["logits"], logits), LOGITS_LIMIT)
    report.line(case, f"cross-entropy of {len(ours['rows'])} tokens, difference",
                largest_difference(ours["loss"], loss), LOSS_LIMIT)
    gradients = {name: p.grad for name, p in model.named_parameters()}
    ratio, name = worst_gradient(ours, gradients)
    name = name.replace("albert.encoder.albert_layer_groups.0.albert_layers.0.", "…")
    report.line(case, f"gradients, worst of {len(gradients)}: {name}", ratio, GRADIENTS_LIMIT)
    return ours, model


def compare_masked_lm(programs, folder, report):
    pretrained = pretrain(programs, folder)
    texts = reference.random_texts(SEED, [3, 64, 20, 17, 64, 40, 31, 8, 45], 1000)
    config = json.loads((pretrained / "config.json").read_text())
    for activation in ("gelu", "gelu_new"):
        (pretrained / "config.json").write_text(json.dumps({**config, "hidden_act": activation}))
        ours, model = compare_masked_lm_folder(programs, folder, pretrained, texts, f"{activation} masked_lm", report)
    _, missing = opens_without_missing_weights(AlbertModel, pretrained, ("pooler.weight", "pooler.bias"))
    report.line("our folder", "AlbertModel, weights missing", missing, 0)

    theirs = folder / "saved"
    model.save_pretrained(theirs)
    shutil.copy(pretrained / "spiece.model", theirs)
    again, _ = compare_masked_lm_folder(programs, folder, theirs, texts, "their folder", report)
    different = sum(not torch.equal(tensor, again[name]) for name, tensor in ours.items())
    report.line("their folder", "our results that are not identical", different, 0)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    programs = pathlib.Path(sys.argv[1])
    report = Report()
    print(f"base size, texts of {', '.join(map(str, LENGTHS))} tokens")
    print(f"{'case':<18} {'comparison':<58} {'value':>9} {'limit':>9}")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for activation in ("gelu", "gelu_new"):
            compare_at_base_size(programs, folder, activation, report)
        with torch.no_grad():
            for head in reference.HEADS:
                open_our_folder(programs, folder, head, report)
        compare_masked_lm(programs, folder, report)
    sys.exit(0 if report.passed else 1)


if __name__ == "__main__":
    main()
