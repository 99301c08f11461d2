"""The ALBERT tokenizer of transformers, opened from a checkpoint folder."""

import pathlib
import tempfile

from sentencepiece import sentencepiece_model_pb2
from transformers import AutoTokenizer

MAX_TOKENS = 512
# The user-defined pieces of albert-base-v1.
USER_DEFINED = '()"-.–£€'


def open_tokenizer(model, tokenizer_config=None):
    """Returns AutoTokenizer's tokenizer for a folder with these bytes as spiece.model and tokenizer_config.json."""
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "spiece.model").write_bytes(model)
        pathlib.Path(folder, "config.json").write_text('{"model_type": "albert"}')
        if tokenizer_config:
            pathlib.Path(folder, "tokenizer_config.json").write_text(tokenizer_config)
        return AutoTokenizer.from_pretrained(folder, local_files_only=True)


def reference_ids(model, texts):
    tokenizer = open_tokenizer(model)
    return tokenizer(texts, split_special_tokens=True, truncation=True, max_length=MAX_TOKENS)["input_ids"]


def with_user_defined_pieces(model):
    """Returns the model with the pieces of USER_DEFINED marked as user-defined, as in albert-base-v1."""
    proto = sentencepiece_model_pb2.ModelProto.FromString(model)
    for piece in proto.pieces:
        if piece.piece in USER_DEFINED:
            piece.type = piece.USER_DEFINED
            piece.score = 0
    return proto.SerializeToString()
