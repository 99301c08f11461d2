"""A batch as the peers take it: padded to its longest text, with a mask."""

import numpy as np


def padded(texts):
    """input_ids and attention_mask, int64, [texts, longest], of texts that are lists of ids."""
    longest = max(map(len, texts))
    ids = np.zeros((len(texts), longest), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = text
        mask[row, : len(text)] = 1
    return {"input_ids": ids, "attention_mask": mask}
