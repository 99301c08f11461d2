"""AG News's test texts and their token ids. newsgenre's tokenizer makes the ids for all contenders."""

import csv
import json
import os
import pathlib
import subprocess

MAX_TOKENS = 512


def data_folder():
    """Returns $NEWSGENRE_DATA. Exits if it lacks ag_news/test.csv or albert/spiece.model."""
    named = os.environ.get("NEWSGENRE_DATA", "")
    folder = pathlib.Path(named)
    for name in ("ag_news/test.csv", "albert/spiece.model"):
        if not (folder / name).is_file():
            raise SystemExit(f"NEWSGENRE_DATA is '{named}'; it must name a folder with {name}")
    return folder


def texts(count, first=0):
    """Returns title and description of `count` texts from row `first` on, in the file's order."""
    with open(data_folder() / "ag_news" / "test.csv", newline="", encoding="utf-8") as file:
        rows = [f"{title} {description}" for _, title, description in csv.reader(file)]
    if first + count > len(rows):
        raise SystemExit(f"ag_news/test.csv has {len(rows)} rows; {first + count} are needed")
    return rows[first : first + count]


def ids(programs, texts_to_encode):
    """Returns the ids [CLS] … [SEP] of each text, from the program encode_texts in the folder `programs`."""
    command = [pathlib.Path(programs) / "encode_texts", data_folder() / "albert" / "spiece.model", str(MAX_TOKENS)]
    lines = "".join(json.dumps(text) + "\n" for text in texts_to_encode)
    result = subprocess.run(command, check=True, input=lines, stdout=subprocess.PIPE, text=True)
    return [json.loads(line) for line in result.stdout.splitlines()]
