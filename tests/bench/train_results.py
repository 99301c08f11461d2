"""What train_bench.py concludes from its samples. Pure: nothing is measured here.

A sample is {"size", "round", "contender", "batches", "lengths", "seconds"}: in that round the contender, a network of that
size, took `seconds` for steps from batches of that kind, whose texts have these lengths, a list a step. A product sample is
{"size", "round", "precision", "rows", "seconds"}: what each kernel took for each of one layer's products over those rows.
"""

import report
import work
from engine_results import chosen

# Products of one layer: of each of its four maps the result, the input's gradient and the weight's gradient.
PRODUCTS = 12


def agreement(losses, reference, bars, learnt_bar):
    """A table of how far everybody's losses are from the reference's, and whether all are within the bars of their precisions.
    The first and the last step have the same batch: the reference has to have learnt from it. `losses`: by contender."""
    rows, good = [], True
    for name, values in losses.items():
        differences = [abs(a - b) for a, b in zip(values, losses[reference], strict=True)]
        bar = bars[name.rsplit(" ", 1)[1]]
        close = all(difference <= bar for difference in differences)  # false for a NaN
        good &= close
        rows.append([name, *(f"{value:.4f}" for value in values), f"{max(differences):.1e}", f"{bar:.1e}",
                     "ok" if close else "MISS"])
    learnt = abs(losses[reference][-1] - losses[reference][0])
    good &= learnt >= learnt_bar
    rows.append(["first to last", *[""] * len(losses[reference]), f"{learnt:.1e}", f"≥ {learnt_bar:.1e}",
                 "ok" if learnt >= learnt_bar else "MISS"])
    header = ["loss of each step", *map(str, range(1, len(losses[reference]) + 1)), "difference", "bar", ""]
    return report.table(header, rows), good


def tokens_per_second(samples):
    """By round; padding does not count."""
    return {sample["round"]: sum(map(sum, sample["lengths"])) / sample["seconds"] for sample in samples}


def speed_ratios(samples, ours, theirs):
    """How many times as many tokens a second as `theirs` `ours` learnt from, round by round. Both are filters."""
    return report.paired_ratios(tokens_per_second(chosen(samples, **ours)), tokens_per_second(chosen(samples, **theirs)))


def fastest(samples, contenders):
    """Of these contenders the one with the highest median of tokens a second."""
    def median(contender):
        return report.summary(list(tokens_per_second(chosen(samples, contender=contender)).values()))["median"]

    return max(contenders, key=median)


def best_kernels(products):
    """For each of the products the kernel that took least in all these product samples."""
    totals = {}
    for sample in products:
        for kernel, seconds in sample["seconds"].items():
            totals.setdefault(kernel, [0.0] * PRODUCTS)
            totals[kernel] = [float("inf") if b is None else a + b for a, b in zip(totals[kernel], seconds, strict=True)]
    return [min(totals, key=lambda kernel: totals[kernel][i]) for i in range(PRODUCTS)]


def product_shares(config, samples, products):
    """For every sample of ours and the product sample of its round: our rate of executed FLOPs, the products' rate (both in
    GFLOP/s), and the one as a share of the other."""
    kernels = best_kernels(products)
    by_round = {product["round"]: product for product in products}
    shares = []
    for sample in samples:
        product = by_round[sample["round"]]
        seconds = sum(product["seconds"][kernel][i] for i, kernel in enumerate(kernels))
        rate = work.TRAINING * sum(work.one_layers_products(config, sum(product["rows"]))) / seconds
        ours = sum(work.training_flops(config, lengths) for lengths in sample["lengths"]) / sample["seconds"]
        shares.append((ours / 1e9, rate / 1e9, ours / rate))
    return shares


def kernels_text(kernels):
    """By map (QKV, dense, ffn, ffn_output), each with its three products."""
    return "  ".join("/".join(kernels[first : first + 3]) for first in range(0, PRODUCTS, 3))


def rate_table(samples, size, contenders, ours):
    """Tokens a second of each contender, and how many times as many `ours` had."""
    rows = []
    for contender in contenders:
        of_contender = chosen(samples, size=size, contender=contender)
        ratios = speed_ratios(samples, {"size": size, "contender": ours}, {"size": size, "contender": contender})
        rows.append([contender, report.spread(list(tokens_per_second(of_contender).values())), report.spread(ratios)])
    return report.table([f"ALBERT {size}", "tokens/s", f"{ours} / it"], rows)
