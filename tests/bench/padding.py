"""Batches for the peers, padded to the longest text."""

import numpy as np


def padded(texts):
    """Returns input_ids and attention_mask, int64, [texts, longest], for texts that are lists of token ids."""
    longest = max(map(len, texts))
    ids = np.zeros((len(texts), longest), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = text
        mask[row, : len(text)] = 1
    return {"input_ids": ids, "attention_mask": mask}
