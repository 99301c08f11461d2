"""Computes the results of transformers' ALBERT: in fp32 on the CPU, in eval mode (no dropout)."""

import torch
from transformers import AlbertConfig, AlbertForSequenceClassification

HEADS = ("cls", "pooler")


def random_model(seed, **sizes):
    """Returns an AlbertForSequenceClassification with random weights. Biases and norms are random too."""
    torch.manual_seed(seed)
    config = AlbertConfig(initializer_range=0.05, classifier_dropout_prob=0.0, num_labels=4, **sizes)
    config._attn_implementation = "eager"
    model = AlbertForSequenceClassification(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(torch.randn_like(parameter) * 0.05)
    return model


def random_texts(seed, lengths, vocab_size):
    """Returns texts of [CLS] ids [SEP] with random ids of ordinary pieces."""
    generator = torch.Generator().manual_seed(seed)
    texts = []
    for length in lengths:
        middle = torch.randint(5, vocab_size, (length - 2,), generator=generator).tolist()
        texts.append([2, *middle, 3])
    return texts


def head_weights(model, head):
    """Returns the weights of a network with `head`."""
    return {
        name: tensor.detach().contiguous()
        for name, tensor in model.state_dict().items()
        if head == "pooler" or not name.startswith("albert.pooler.")
    }


def padded(texts):
    """Returns the texts as a model's arguments: padded to the longest, with a mask."""
    longest = max(map(len, texts))
    ids = torch.zeros(len(texts), longest, dtype=torch.long)
    mask = torch.zeros(len(texts), longest, dtype=torch.long)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = torch.tensor(text)
        mask[row, : len(text)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def first_tokens(encoder, texts):
    return encoder(**padded(texts)).last_hidden_state[:, 0]


def logits(model, head, texts):
    if head == "pooler":
        return model(**padded(texts)).logits
    return model.classifier(first_tokens(model.albert, texts))


def logits_and_gradients(model, head, texts, labels):
    """Returns the logits, and the gradients of the mean cross-entropy by parameter name."""
    model.zero_grad()
    result = logits(model, head, texts)
    torch.nn.functional.cross_entropy(result, torch.tensor(labels)).backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if name in head_weights(model, head)}
    return result.detach(), gradients
