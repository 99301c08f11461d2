#!/usr/bin/env python3
"""Writes tests/golden/tokenizer_ids.json: the ids that transformers returns for difficult texts with the small vocabulary.

Each line holds a text, its ids, and its ids with user-defined pieces (see with_user_defined_pieces).
  build/test-venv/bin/python tests/golden/make_tokenizer_golden.py
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "parity"))

import nasty_texts  # noqa: E402
from reference_tokenizer import reference_ids, with_user_defined_pieces  # noqa: E402


def main():
    texts = nasty_texts.SMALL + [text for text in nasty_texts.LONG if len(text) <= 600]
    model = (HERE / "tiny.spiece.model").read_bytes()
    plain = reference_ids(model, texts)
    user_defined = reference_ids(with_user_defined_pieces(model), texts)
    with open(HERE / "tokenizer_ids.json", "w", encoding="ascii") as file:
        file.write("[\n")
        file.write(",\n".join(map(json.dumps, zip(texts, plain, user_defined))))
        file.write("\n]\n")


if __name__ == "__main__":
    main()
