"""How many floating-point operations ALBERT needs for texts without padding: what our engine executes."""


def products(config, tokens, texts):
    """Of the matrix products, two for each multiplication and addition, over packed texts of `tokens` tokens in all.

    All layers but the last: QKV (hidden x 3 hidden), dense (hidden x hidden), ffn (hidden x intermediate) and ffn_output
    (intermediate x hidden) for every token. The last layer: K and V for every token, all else for the first token of each text.
    The factorised embeddings' mapping for every token; pooler and classifier for every text.
    """
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    layer = 4 * hidden * hidden + 2 * hidden * inner
    last = 2 * hidden * hidden * tokens + (layer - 2 * hidden * hidden) * texts
    mapping = config["embedding_size"] * hidden * tokens
    heads = (hidden + len(config["id2label"])) * hidden * texts
    return 2 * (layer * tokens * (config["num_hidden_layers"] - 1) + last + mapping + heads)


def attention(config, lengths):
    """Of q kᵀ and of the product with v: 4 · length² · hidden a layer and text, in the last layer 4 · length · hidden."""
    hidden, layers = config["hidden_size"], config["num_hidden_layers"]
    return sum(4 * hidden * length * (length * (layers - 1) + 1) for length in lengths)


def flops(config, lengths):
    return products(config, sum(lengths), len(lengths)) + attention(config, lengths)


# Learning is the forward pass and, for each of its products, two more: the gradients of both factors.
TRAINING = 3


def training_flops(config, lengths):
    """Of forward and backward over one batch; what the backward of attention computes again does not count."""
    return TRAINING * flops(config, lengths)


def one_layers_products(config, rows):
    """Of each of a layer's four products (QKV, dense, ffn, ffn_output) over `rows` rows."""
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    return [2 * rows * a * b for a, b in ((hidden, 3 * hidden), (hidden, hidden), (hidden, inner), (inner, hidden))]
