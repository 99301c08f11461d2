"""Evaluates the samples of train_bench.py.

A sample is {"size", "round", "contender", "batches", "lengths", "seconds"}: in that round the contender, with a network of that
size, took `seconds` for steps with batches of that kind. `lengths` has a list of text lengths per step. A product sample is
{"size", "round", "precision", "rows", "seconds"}: each kernel's time for each of one layer's products over these row counts.
"""

import report
import work
from engine_results import matching

# Products of one layer: the output, the input's gradient and the weight's gradient of each of its four linear maps.
PRODUCTS = 12


def agreement(losses, reference, tolerances, min_loss_change):
    """Returns a table with the differences of all losses from the reference's, and whether all are within the tolerances of
    their precisions. `losses` maps a contender to its losses. All steps have the same batch, and the reference's loss must
    change by at least `min_loss_change` from the first step to the last."""
    rows, good = [], True
    for name, values in losses.items():
        differences = [abs(a - b) for a, b in zip(values, losses[reference], strict=True)]
        tolerance = tolerances[name.rsplit(" ", 1)[1]]
        close = all(difference <= tolerance for difference in differences)  # False for NaN
        good &= close
        rows.append([name, *(f"{value:.4f}" for value in values), f"{max(differences):.1e}", f"{tolerance:.1e}",
                     "ok" if close else "MISS"])
    loss_change = abs(losses[reference][-1] - losses[reference][0])
    good &= loss_change >= min_loss_change
    rows.append(["first to last", *[""] * len(losses[reference]), f"{loss_change:.1e}", f"≥ {min_loss_change:.1e}",
                 "ok" if loss_change >= min_loss_change else "MISS"])
    header = ["loss of each step", *map(str, range(1, len(losses[reference]) + 1)), "difference", "tolerance", ""]
    return report.table(header, rows), good


def tokens_per_second(samples):
    """Returns the tokens per second by round, without padding."""
    return {sample["round"]: sum(map(sum, sample["lengths"])) / sample["seconds"] for sample in samples}


def speed_ratios(samples, ours, theirs):
    """Returns the ratio of tokens per second of `ours` to `theirs` for each round. Both are filters of `matching`."""
    return report.paired_ratios(tokens_per_second(matching(samples, **ours)), tokens_per_second(matching(samples, **theirs)))


def fastest(samples, contenders):
    """Returns the contender with the highest median of tokens per second."""
    def median(contender):
        return report.summary(list(tokens_per_second(matching(samples, contender=contender)).values()))["median"]

    return max(contenders, key=median)


def best_kernels(products):
    """Returns the fastest kernel for each product, over all product samples."""
    totals = {}
    for sample in products:
        for kernel, seconds in sample["seconds"].items():
            totals.setdefault(kernel, [0.0] * PRODUCTS)
            totals[kernel] = [float("inf") if b is None else a + b for a, b in zip(totals[kernel], seconds, strict=True)]
    return [min(totals, key=lambda kernel: totals[kernel][i]) for i in range(PRODUCTS)]


def product_shares(config, samples, products):
    """Returns, for each sample of newsgenre and the product sample of its round: the rate of executed FLOPs, the rate of the
    products (both in GFLOP/s), and their quotient."""
    kernels = best_kernels(products)
    by_round = {product["round"]: product for product in products}
    shares = []
    for sample in samples:
        product = by_round[sample["round"]]
        seconds = sum(product["seconds"][kernel][i] for i, kernel in enumerate(kernels))
        rate = work.TRAINING * sum(work.layer_products(config, sum(product["rows"]))) / seconds
        ours = sum(work.training_flops(config, lengths) for lengths in sample["lengths"]) / sample["seconds"]
        shares.append((ours / 1e9, rate / 1e9, ours / rate))
    return shares


def kernels_text(kernels):
    """Formats the kernels by linear map (QKV, dense, ffn, ffn_output), with three products each."""
    return "  ".join("/".join(kernels[first : first + 3]) for first in range(0, PRODUCTS, 3))


def rate_table(samples, size, contenders, ours):
    """Returns a table with the tokens per second of each contender, and the ratio of `ours` to it."""
    rows = []
    for contender in contenders:
        contender_samples = matching(samples, size=size, contender=contender)
        ratios = speed_ratios(samples, {"size": size, "contender": ours}, {"size": size, "contender": contender})
        rows.append([contender, report.spread(list(tokens_per_second(contender_samples).values())), report.spread(ratios)])
    return report.table([f"ALBERT {size}", "tokens/s", f"{ours} / it"], rows)
