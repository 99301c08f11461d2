"""Evaluates the samples of engine_bench.py.

A sample is {"phase", "round", "contender", "order", "batch", "first", "lengths", "seconds"}: in that round the contender took
`seconds` for the texts of these lengths, which start at index `first` of that order, in batches of that size. A product sample
is {"round", "first", "rows", "seconds"}: each kernel's time for each of one layer's products over these row counts.
"""

import statistics

import report
import work


def agreement(scores, reference, tolerances):
    """Returns a table with the largest difference of each contender's log-probabilities from the reference's, and whether
    all are within the tolerances of their precisions. `scores` maps a contender to [texts][labels]."""
    rows, all_good = [], True
    for name, values in scores.items():
        difference = max(abs(a - b) for row, other in zip(values, scores[reference], strict=True)
                         for a, b in zip(row, other, strict=True))
        tolerance = tolerances[name.rsplit(" ", 1)[1]]
        good = difference <= tolerance  # False for NaN
        all_good &= good
        rows.append([name, f"{difference:.1e}", f"{tolerance:.1e}", "ok" if good else "MISS"])
    between_texts = max(max(column) - min(column) for column in zip(*scores[reference], strict=True))
    rows.append(["between texts", f"{between_texts:.1e}", "", ""])
    return report.table([f"log-probabilities, largest difference from {reference}", "value", "tolerance", ""], rows), all_good


def matching(samples, **wanted):
    """Returns the samples whose fields have these values."""
    return [sample for sample in samples if all(sample[key] == value for key, value in wanted.items())]


def texts_per_second(samples):
    return sum(len(sample["lengths"]) for sample in samples) / sum(sample["seconds"] for sample in samples)


def rates(samples):
    """Returns the texts per second of each cell (contender, order, batch), over all its texts in the survey."""
    cells = {}
    for sample in matching(samples, phase="survey"):
        cells.setdefault((sample["contender"], sample["order"], sample["batch"]), []).append(sample)
    return {cell: texts_per_second(cell_samples) for cell, cell_samples in cells.items()}


def best_cells(rates_of_cells, contenders, order, count):
    """Returns the `count` fastest (contender, batch), each contender at its best batch size, fastest first."""
    best = {}
    for (contender, cell_order, batch), rate in rates_of_cells.items():
        if cell_order == order and contender in contenders and rate > best.get(contender, (0, 0))[0]:
            best[contender] = (rate, batch)
    ranked = sorted(best, key=lambda contender: best[contender][0], reverse=True)
    return [(contender, best[contender][1]) for contender in ranked[:count]]


def _seconds_by_texts(samples):
    """Returns the seconds keyed by (round, first text)."""
    return {(sample["round"], sample["first"]): sample["seconds"] for sample in samples}


def speed_ratios(samples, ours, theirs):
    """Returns the speedup of `ours` over `theirs` for the same texts in the same round. Both are filters of `matching`."""
    return report.paired_ratios(_seconds_by_texts(matching(samples, **theirs)), _seconds_by_texts(matching(samples, **ours)))


def _seconds_by_round(samples):
    rounds = {}
    for sample in samples:
        rounds[sample["round"]] = rounds.get(sample["round"], 0.0) + sample["seconds"]
    return rounds


def worst_growth(samples, contender, batches):
    """Returns the smallest median ratio of the speed at a larger batch size to that at a smaller one, over all pairs of sizes,
    and its pair."""
    by_batch = {batch: _seconds_by_round(matching(samples, phase="sizes", contender=contender, batch=batch))
                for batch in batches}
    ratios = {(small, large): statistics.median(report.paired_ratios(by_batch[small], by_batch[large]))
              for small in batches for large in batches if small < large}
    pair = min(ratios, key=ratios.get)
    return ratios[pair], pair


def best_kernels(products):
    """Returns the fastest kernel for each of the four products, over all product samples."""
    totals = {}
    for sample in products:
        for kernel, seconds in sample["seconds"].items():
            totals[kernel] = [a + b for a, b in zip(totals.get(kernel, [0.0] * 4), seconds, strict=True)]
    return [min(totals, key=lambda kernel: totals[kernel][i]) for i in range(4)]


def product_shares(config, samples, products):
    """Returns, for each sample of newsgenre and the product sample of the same texts: the rate of executed FLOPs, the rate of
    the products (both in GFLOP/s), and their quotient."""
    kernels = best_kernels(products)
    by_texts = {(product["round"], product["first"]): product for product in products}
    shares = []
    for sample in samples:
        product = by_texts[sample["round"], sample["first"]]
        seconds = sum(product["seconds"][kernel][i] for i, kernel in enumerate(kernels))
        rate = sum(work.layer_products(config, sum(product["rows"]))) / seconds
        ours = work.flops(config, sample["lengths"]) / sample["seconds"]
        shares.append((ours / 1e9, rate / 1e9, ours / rate))
    return shares


def rate_table(samples, contenders, order, batches):
    """Returns a table with the texts per second of each contender at each batch size."""
    cell_rates = rates(samples)
    rows = []
    for contender in contenders:
        row = [contender]
        for batch in batches:
            rate = cell_rates.get((contender, order, batch))
            row.append("-" if rate is None else report.number(rate))
        rows.append(row)
    return report.table([f"texts/s, {order} order", *(f"batch {batch}" for batch in batches)], rows)


def ratio_table(samples, ours, peers, order, batches):
    """Returns a table with the speedup of `ours` over each peer on the same texts at the same batch size."""
    rows = []
    for peer in peers:
        row = [peer]
        for batch in batches:
            cell = {"phase": "survey", "order": order, "batch": batch}
            ratios = speed_ratios(samples, {**cell, "contender": ours}, {**cell, "contender": peer})
            row.append(report.spread(ratios) if ratios else "-")
        rows.append(row)
    return report.table([f"{ours} / peer, {order}", *(f"batch {batch}" for batch in batches)], rows)
