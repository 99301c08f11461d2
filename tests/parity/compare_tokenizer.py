#!/usr/bin/env python3
"""Compares our token ids with those of transformers' ALBERT tokenizer, and prints a table.

  compare_tokenizer.py ENCODE_TEXTS [--data FOLDER]

ENCODE_TEXTS is the program of that name. The script compares the project's small vocabulary, plain and with
user-defined pieces, on the texts of nasty_texts.py. With --data (default: $NEWSGENRE_DATA) it also compares
albert-base's vocabulary, FOLDER/albert/spiece.model, on the same texts, on every row of FOLDER/ag_news/test.csv and on
every Unicode character. The exit status is 1 if there is an unexpected difference, or an expected one is missing.
"""

import argparse
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import nasty_texts
from reference_tokenizer import MAX_TOKENS, open_tokenizer, reference_ids, with_user_defined_pieces

TINY = pathlib.Path(__file__).resolve().parent.parent / "golden" / "tiny.spiece.model"


def run_program(program, model, lines="", options=()):
    with tempfile.NamedTemporaryFile(suffix=".model") as file:
        file.write(model)
        file.flush()
        command = [program, file.name, str(MAX_TOKENS), *options]
        run = subprocess.run(command, input=lines, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{program} failed: {run.stderr}")
    return run.stdout


def our_ids(program, model, texts):
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    return [json.loads(line) for line in run_program(program, model, lines).splitlines()]


def every_character():
    """Yields each character inside a word, except those whose ids differ on purpose."""
    for code in range(sys.maxunicode + 1):
        if not 0xD800 <= code < 0xE000 and chr(code) not in nasty_texts.MEANT_TO_DIFFER:
            yield f"a{chr(code)}b"


def ag_news_rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return [f"{title} {body}" for _, title, body in csv.reader(file)]


def differences(program, model, texts):
    ours, theirs = our_ids(program, model, texts), reference_ids(model, texts)
    assert len(ours) == len(theirs) == len(texts)
    return [case for case in zip(texts, ours, theirs) if case[1] != case[2]]


class Comparison:
    def __init__(self, program):
        self.program = program
        self.failed = False
        print(f"{'vocabulary':<24}{'texts':<28}{'compared':>10}{'different':>11}")

    def run(self, vocabulary, model, name, texts):
        texts = list(texts)
        found = differences(self.program, model, texts)
        print(f"{vocabulary:<24}{name:<28}{len(texts):>10}{len(found):>11}", flush=True)
        for text, ours, theirs in found[:5]:
            print(f"  {text[:80]!r}\n    ours   {ours[:40]}\n    theirs {theirs[:40]}")
        self.failed |= bool(found)

    def run_meant_to_differ(self, vocabulary, model):
        texts = list(nasty_texts.MEANT_TO_DIFFER)
        found = [text for text, _, _ in differences(self.program, model, texts)]
        print(f"{vocabulary:<24}{'meant to differ':<28}{len(texts):>10}{len(found):>11}", flush=True)
        for text in set(texts) - set(found):
            print(f"  {text!r} is meant to differ ({nasty_texts.MEANT_TO_DIFFER[text]}) but does not")
        self.failed |= len(found) != len(texts)

    def run_checkpoint_folder(self, vocabulary, model):
        """Checks that transformers needs only our tokenizer_config.json to give our ids."""
        texts = nasty_texts.SMALL + nasty_texts.LONG
        tokenizer = open_tokenizer(model, run_program(self.program, model, options=["--config"]))
        theirs = tokenizer(texts, truncation=True)["input_ids"]
        found = sum(a != b for a, b in zip(our_ids(self.program, model, texts), theirs))
        print(f"{vocabulary:<24}{'as a checkpoint folder':<28}{len(texts):>10}{found:>11}", flush=True)
        self.failed |= found != 0

    def run_nasty(self, vocabulary, model):
        self.run(vocabulary, model, "nasty", nasty_texts.SMALL + nasty_texts.LONG)
        self.run(vocabulary, model, "1 MB each", nasty_texts.HUGE)
        self.run(vocabulary, model, "mixtures of nasty ones", nasty_texts.mixtures(5000, seed=1))
        self.run_meant_to_differ(vocabulary, model)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("encode_texts")
    parser.add_argument("--data", default=os.environ.get("NEWSGENRE_DATA"))
    options = parser.parse_args()
    comparison = Comparison(options.encode_texts)
    tiny = TINY.read_bytes()
    comparison.run_nasty("tiny", tiny)
    comparison.run_checkpoint_folder("tiny", tiny)
    comparison.run_nasty("tiny, user-defined", with_user_defined_pieces(tiny))
    if options.data:
        data = pathlib.Path(options.data)
        albert = (data / "albert" / "spiece.model").read_bytes()
        comparison.run_nasty("albert-base", albert)
        comparison.run("albert-base", albert, "AG News test.csv", ag_news_rows(data / "ag_news" / "test.csv"))
        comparison.run("albert-base", albert, "every character", every_character())
    else:
        print("albert-base: skipped, NEWSGENRE_DATA is not set")
    sys.exit(1 if comparison.failed else 0)


if __name__ == "__main__":
    main()
