"""Checks the bundled sample: evenly spread over four genres, a fifth held out, no duplicate texts, and natural language
(no sequence of four words occurs in more than three texts)."""

import collections
import csv
import pathlib
import re
import sys

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "deploy" / "sample"


def read(name):
    with open(FOLDER / name, newline="", encoding="utf-8") as file:
        return [(label, f"{title} {body}") for label, title, body in csv.reader(file)]


def problems(train, test):
    rows = train + test
    if len(rows) < 600:
        yield f"{len(rows)} texts; at least 600 are required"
    if len(test) * 5 != len(rows):
        yield f"{len(test)} of {len(rows)} texts are held out; a fifth is required"
    for name, part in (("train", train), ("test", test)):
        counts = collections.Counter(label for label, _ in part)
        if sorted(counts) != list("1234") or len(set(counts.values())) != 1:
            yield f"{name}: labels are not spread evenly: {dict(counts)}"
    for text, count in collections.Counter(text for _, text in rows).items():
        if count > 1:
            yield f"occurs {count} times: {text}"
    texts_with = collections.Counter()
    for _, text in rows:
        words = re.findall(r"[a-z0-9']+", text.lower())
        texts_with.update({tuple(words[i : i + 4]) for i in range(len(words) - 3)})
    for words, count in texts_with.items():
        if count > 3:
            yield f"occurs in {count} texts: {' '.join(words)}"


found = list(problems(read("train.csv"), read("test.csv")))
print("\n".join(found) or "no problems in the sample")
sys.exit(1 if found else 0)
