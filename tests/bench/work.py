"""Number of floating-point operations that newsgenre's engine executes for ALBERT, without padding."""


def products(config, tokens, texts):
    """Returns the operations of the matrix products over packed texts with `tokens` tokens in total. A multiplication and an
    addition count as two.

    All layers except the last compute QKV (hidden x 3 hidden), dense (hidden x hidden), ffn (hidden x intermediate) and
    ffn_output (intermediate x hidden) for every token. The last layer computes K and V for every token, and the rest for the
    first token of each text. The mapping of the factorised embeddings runs for every token, pooler and classifier for every
    text.
    """
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    layer = 4 * hidden * hidden + 2 * hidden * inner
    last = 2 * hidden * hidden * tokens + (layer - 2 * hidden * hidden) * texts
    mapping = config["embedding_size"] * hidden * tokens
    heads = (hidden + len(config["id2label"])) * hidden * texts
    return 2 * (layer * tokens * (config["num_hidden_layers"] - 1) + last + mapping + heads)


def attention(config, lengths):
    """Returns the operations of q kᵀ and of the product with v. Each layer needs 4 · length² · hidden per text, and the last
    layer 4 · length · hidden."""
    hidden, layers = config["hidden_size"], config["num_hidden_layers"]
    return sum(4 * hidden * length * (length * (layers - 1) + 1) for length in lengths)


def flops(config, lengths):
    return products(config, sum(lengths), len(lengths)) + attention(config, lengths)


# Training computes each product of the forward pass, and the gradients of its two factors.
TRAINING = 3


def training_flops(config, lengths):
    """Returns the operations of forward and backward over one batch, without those that attention recomputes in backward."""
    return TRAINING * flops(config, lengths)


def layer_products(config, rows):
    """Returns the operations of each of a layer's four products (QKV, dense, ffn, ffn_output) over `rows` rows."""
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    return [2 * rows * a * b for a, b in ((hidden, 3 * hidden), (hidden, hidden), (hidden, inner), (inner, hidden))]
