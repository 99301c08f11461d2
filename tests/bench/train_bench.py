#!/usr/bin/env python3
"""Measures the training rate, in tokens per second, of newsgenre, transformers' Trainer and the article's loop, and the
machine's matrix products.

  train_bench.py [--quick]         (call tests/bench/run.sh train, which provides programs, packages and NEWSGENRE_DATA)

All contenders start with the same weights (random, of ALBERT-base's sizes and of a small network's, without dropout), and have
the same token ids and one thread per CPU. They take turns, one at a time. transformers trains on newsgenre's batches, each
padded to its longest text, and on batches of its typical scripts. At the start, a few steps check that all losses agree.
"""

import argparse
import json

import base_model
import news
import report
import train_plan as plan
import train_results as results
from worker import Worker

PACKAGES = ["torch", "transformers", "accelerate", "numpy"]
REFERENCE = "transformers fp32"


class Bench:
    """Owns the processes that train a network of one size, and the samples."""

    def __init__(self, size, precisions, ids_path):
        self.size = size
        self.folder = base_model.make(report.OUT / f"albert-{size.name}", news.data_folder() / "albert" / "spiece.model",
                                      **size.sizes)
        self.config = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))
        self.lengths = [len(text) for text in json.loads(ids_path.read_text(encoding="utf-8"))]
        self.contenders = plan.contenders(precisions)
        self.samples, self.products = [], []
        self.workers = {}
        for contender in self.contenders:
            if contender.worker not in self.workers:
                report.progress(f"{size.name}: starting {contender.worker}")
                self.workers[contender.worker] = Worker(f"{contender.worker} {size.name}",
                                                        contender.command(self.folder, ids_path), report.OUT / "logs")
        self.rates = {precision: self._start_products(precision) for precision in precisions}
        self.batches = plan.batches(self.workers[f"ours {precisions[0]}"].info.pop("batches"))
        self.info = {name: worker.info for name, worker in self.workers.items()}

    def _start_products(self, precision):
        command = [plan.PROGRAMS / "train_product_rate", self.config["hidden_size"], self.config["intermediate_size"], precision,
                   plan.threads()]
        return Worker(f"training products {precision} {self.size.name}", command, report.OUT / "logs")

    def close(self):
        for worker in [*self.workers.values(), *self.rates.values()]:
            worker.close()

    def agreement(self):
        """Runs a few steps of all contenders with the same weights and the same batch, which also warm them up. Returns whether
        their losses agree. (All steps use one batch, because newsgenre does not update words without a gradient, but AdamW
        does.)"""
        report.progress(f"{self.size.name}: the first steps")
        first = self.batches["planned"][0]
        losses = {name: worker.ask(batches=[first] * 3)["losses"]
                  for name, worker in self.workers.items() if not name.startswith("article")}
        self.workers["article fp32"].ask(batches=self.batches["article"][:1])
        table, good = results.agreement(losses, REFERENCE, plan.AGREEMENT_TOLERANCES, plan.MIN_LOSS_CHANGE)
        print(f"\n{table}\n")
        return good

    def warm_up(self):
        report.progress(f"{self.size.name}: warming up")
        for contender in self.contenders if self.size.warmup else []:
            self.workers[contender.worker].ask(batches=self.batches[contender.batches][2 : 2 + self.size.warmup])

    def measure(self):
        for number in range(self.size.rounds):
            report.progress(f"{self.size.name}: round {number + 1} of {self.size.rounds}")
            turn = number % len(self.contenders)
            for contender in self.contenders[turn:] + self.contenders[:turn]:
                self._train(contender, number)
            rows = [sum(self.lengths[text] for text in batch) for batch in self._round_batches("planned", number)]
            for precision, rates in self.rates.items():
                self.products.append({"size": self.size.name, "round": number, "precision": precision, "rows": rows,
                                      **rates.ask(rows=rows)})

    def _round_batches(self, kind, number):
        """Returns the batches of a round. They follow the two of the first steps and those of the warm-up."""
        first = 2 + self.size.warmup + number * self.size.steps
        return self.batches[kind][first : first + self.size.steps]

    def _train(self, contender, number):
        batches = self._round_batches(contender.batches, number)
        answer = self.workers[contender.worker].ask(batches=batches)
        self.samples.append({"size": self.size.name, "round": number, "contender": contender.name, "batches": contender.batches,
                             "lengths": [[self.lengths[text] for text in batch] for batch in batches], **answer})


def speed_goals(bench, precisions):
    """Returns the goals against transformers on the same batches: its fastest precision, and each precision."""
    ours = f"ours {precisions[-1]}"
    best = results.fastest(bench.samples, [f"transformers {precision}" for precision in precisions])
    pairs = dict.fromkeys([(ours, best), *((f"ours {precision}", f"transformers {precision}") for precision in precisions)])
    goals = []
    for mine, theirs in pairs:
        ratios = results.speed_ratios(bench.samples, {"contender": mine}, {"contender": theirs})
        what = "transformers' best on the same batches" if (mine, theirs) == (ours, best) else "the same precision and batches"
        goals.append(report.goal(f"{bench.size.name}: {mine} / {theirs} ({what})", report.summary(ratios)["median"],
                                 plan.TRANSFORMERS_GOAL, spread=report.summary(ratios)))
    return goals


def product_goal(bench, precisions):
    """Prints newsgenre's share of the matrix products' rate in each precision. Returns the goal of the precision that
    --precision=auto selects."""
    rows = []
    for precision in precisions:
        samples = results.matching(bench.samples, contender=f"ours {precision}")
        products = results.matching(bench.products, precision=precision)
        ours, rate, share = zip(*results.product_shares(bench.config, samples, products), strict=True)
        rows.append([f"ours {precision}", report.spread(ours), report.spread(rate), report.spread(share)])
        print(f"{bench.size.name} {precision}, the fastest kernels: {results.kernels_text(results.best_kernels(products))}")
    header = [f"ALBERT {bench.size.name}", "GFLOP/s executed", "GFLOP/s of products", "share"]
    print("\n" + report.table(header, rows) + "\n")
    summary = report.summary(share)
    return report.goal(f"{bench.size.name}: ours {precisions[-1]}, executed FLOPs a second / the matrix products' rate",
                       summary["median"], plan.PRODUCT_GOAL, spread=summary)


def run(size, precisions, ids_path):
    """Measures all contenders at one size and prints the tables. Returns the bench with its samples, and the goals."""
    bench = Bench(size, precisions, ids_path)
    try:
        if not bench.agreement():
            raise SystemExit("the losses of the contenders do not agree, so their speeds cannot be compared")
        bench.warm_up()
        bench.measure()
    finally:
        bench.close()
    names = [contender.name for contender in bench.contenders]
    print("\n" + results.rate_table(bench.samples, size.name, names, f"ours {precisions[-1]}") + "\n")
    return bench, [*speed_goals(bench, precisions), product_goal(bench, precisions)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    quick = parser.parse_args().quick
    machine = report.machine(PACKAGES)
    # The last one is selected by --precision=auto.
    precisions = ["fp32", "bf16"] if report.has_native_bf16(machine) else ["fp32"]
    print(", ".join([machine["processor"], f"{plan.threads()} threads", *machine["flags"]]))
    if len(precisions) == 1:
        print("bf16 is not measured: the processor has no instructions for it")
    ids_path = report.OUT / "train_ids.json"
    ids_path.write_text(json.dumps(news.ids(plan.PROGRAMS, news.texts(plan.TEXTS))), encoding="utf-8")
    benches, goals = [], []
    for size in plan.sizes(quick):
        bench, size_goals = run(size, precisions, ids_path)
        benches.append(bench)
        goals += size_goals
    report.write("train", samples=[sample for bench in benches for sample in bench.samples], goals=goals, machine=machine,
                 quick=quick, threads=plan.threads(), contenders={bench.size.name: bench.info for bench in benches},
                 products=[sample for bench in benches for sample in bench.products])
    report.progress("done")


if __name__ == "__main__":
    main()
