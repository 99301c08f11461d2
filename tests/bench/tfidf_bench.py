#!/usr/bin/env python3
"""Classifies AG News with TF-IDF and logistic regression (scikit-learn), the baseline for trained networks.

The features are words and pairs of words. The strength of the regularisation is chosen on 5,000 validation rows drawn from
train.csv, with a model that is fitted to the other rows. The final model is fitted to all rows and evaluated on test.csv once.
"""

import csv
import json
import os
import pathlib
import random
import sys
import time

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

STRENGTHS = (2.0, 4.0, 8.0)  # scikit-learn's C
VALIDATION_ROWS = 5000
OUT = pathlib.Path('build/bench/tfidf.json')


def read(name):
    """Returns texts and labels (0 to 3) of a file of AG News."""
    path = pathlib.Path(os.environ['NEWSGENRE_DATA']) / 'ag_news' / name
    with path.open(encoding='utf-8', newline='') as file:
        rows = list(csv.reader(file))
    # A backslash marks a line break.
    texts = [f'{title} {body}'.replace('\\', ' ') for _, title, body in rows]
    return texts, [int(label) - 1 for label, _, _ in rows]


class Features:
    """TF-IDF of words and pairs of words that occur in at least two texts."""

    def __init__(self, texts):
        self.vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        self.matrix = self.vectorizer.fit_transform(texts)

    def score(self, labels, strength, texts, expected):
        """Fits a model of that strength to the features and returns its accuracy on `texts`."""
        model = LogisticRegression(C=strength, max_iter=300).fit(self.matrix, labels)
        return model.score(self.vectorizer.transform(texts), expected)


def choose(texts, labels):
    """Returns the accuracy on validation rows for each strength."""
    order = list(range(len(texts)))
    random.Random(1).shuffle(order)
    held_out, fitted = order[:VALIDATION_ROWS], order[VALIDATION_ROWS:]
    features = Features([texts[row] for row in fitted])
    accuracies = {}
    for strength in STRENGTHS:
        accuracies[strength] = features.score([labels[row] for row in fitted], strength,
                                              [texts[row] for row in held_out], [labels[row] for row in held_out])
        print(f'C = {strength}: {100 * accuracies[strength]:.2f} % of {VALIDATION_ROWS} validation rows', flush=True)
    return accuracies


def main():
    start = time.monotonic()
    texts, labels = read('train.csv')
    accuracies = choose(texts, labels)
    strength = max(accuracies, key=accuracies.get)
    test_texts, test_labels = read('test.csv')
    test = Features(texts).score(labels, strength, test_texts, test_labels)
    seconds = time.monotonic() - start
    print(f'test.csv, C = {strength}, fitted to {len(texts)} rows: {100 * test:.2f} % of {len(test_labels)}, '
          f'{seconds:.0f} s in total')
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({'validation': accuracies, 'strength': strength, 'rows': len(texts), 'test': test,
                               'seconds': seconds}, indent=2) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
