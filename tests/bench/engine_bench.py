#!/usr/bin/env python3
"""Measures the forward pass of newsgenre and its peers over AG News's test texts, and the machine's matrix products.

  engine_bench.py [--quick]        (call tests/bench/run.sh engine, which provides programs, packages and NEWSGENRE_DATA)

All contenders have the same weights (random, of ALBERT-base's sizes), the same token ids and one thread per CPU. They take
turns of a few seconds each, one at a time. The benchmark has three parts:
  survey   all contenders at all batch sizes, on the first texts of the file, in arrival order and in length order
  duel     newsgenre at its best batch size against the two best peers at theirs, in arrival order, over many rounds
  sizes    newsgenre at all batch sizes on the same texts, with the machine's matrix products at the same row counts
"""

import argparse
import json
import pathlib

import base_model
import engine_plan as plan
import engine_results as results
import news
import report
from worker import Worker

PACKAGES = ["torch", "transformers", "onnxruntime", "openvino", "nncf", "numpy"]
# Largest difference of a log-probability from transformers' fp32. fp32 allows for rounding. The others allow for a lower
# precision, but not for another function: the log-probabilities of two texts differ by about 1.
AGREEMENT_TOLERANCES = {"fp32": 1e-4, "bf16": 0.15, "int8": 0.5}
REFERENCE = "transformers fp32"


class Bench:
    """Owns the contenders' processes and the samples."""

    def __init__(self, setting, folder, ids_path):
        self.setting = setting
        self.folder = folder
        self.config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.texts = json.loads(ids_path.read_text(encoding="utf-8"))
        self.samples = []
        self.products = []
        self.notes = []
        self.workers = {}
        self.ids_path = ids_path
        self.orders = plan.orders(self.texts[: setting.survey_texts])

    def start(self, contenders):
        for contender in contenders:
            report.progress(f"starting {contender.name}")
            command = contender.command(self.folder, self.setting.threads, self.ids_path)
            worker = Worker(contender.name, command, report.OUT / "logs")
            reason = contender.refusal(worker.info)
            if reason:
                self.notes.append(f"{contender.name}: {reason}")
                worker.close()
            else:
                self.workers[contender.name] = worker

    def close(self):
        for worker in self.workers.values():
            worker.close()

    def names(self, *precisions, ours=False):
        return [name for name in self.workers if name.startswith("ours") == ours and name.rsplit(" ", 1)[1] in precisions]

    def run(self, name, numbers, batch, **labels):
        answer = self.workers[name].ask(texts=numbers, batch=batch)
        sample = {"contender": name, "batch": batch, "lengths": [len(self.texts[n]) for n in numbers], **labels, **answer}
        if "phase" in labels:
            self.samples.append(sample)
        return answer["seconds"]

    def agreement(self):
        """Runs a few texts through all contenders in batches of four. Returns whether all compute the same function."""
        numbers = list(range(plan.AGREEMENT_TEXTS))
        scores = {name: worker.ask(texts=numbers, batch=4, scores=True)["log_probabilities"]
                  for name, worker in self.workers.items()}
        table, good = results.agreement(scores, REFERENCE, AGREEMENT_TOLERANCES)
        print(f"{table}\n")
        return good

    def drop_emulated(self):
        """Measures bf16 contenders on a few texts and stops them. For processors without bf16 instructions, where bf16 is
        several times slower than fp32."""
        numbers = list(range(1, 1 + plan.EMULATED_TEXTS))
        for name in self.names("bf16") + self.names("bf16", ours=True):
            self.run(name, numbers[:1], 1)
            alone, together = (report.number(len(numbers) / self.run(name, numbers, batch, phase="emulated"))
                               for batch in (1, len(numbers)))
            self.notes.append(f"{name}: emulated on this processor, {alone} texts/s one by one and {together} in a batch of "
                              f"{len(numbers)}, on {len(numbers)} texts; not measured further")
            self.workers.pop(name).close()

    def survey(self):
        """Runs all contenders on the same piece, then on the next one. Rotates the order of the contenders."""
        for order, batch in self.setting.cells:
            report.progress(f"survey: {order} order, batches of {batch}")
            names = list(self.workers)
            numbers = self.orders[order]
            if order == "arrival" and batch in plan.WARM_UP:
                for name in names:
                    self.run(name, numbers[: plan.WARM_UP[batch]], batch)
            for place, first in enumerate(range(0, len(numbers), plan.piece(batch))):
                start = place % len(names)
                for name in names[start:] + names[:start]:
                    self.run(name, numbers[first : first + plan.piece(batch)], batch,
                             phase="survey", round=0, order=order, first=first)

    def duel(self, ours, peers):
        """Runs newsgenre and the peers, given as (name, batch size), on the same texts in each round."""
        cells = [ours, *peers]
        report.progress("duel: " + ", ".join(f"{name} in batches of {batch}" for name, batch in cells))
        size = max(plan.DUEL_PIECE, *(batch for _, batch in cells))
        starts = [first for first in range(0, len(self.texts), size) if first + size <= len(self.texts)]
        for number in range(self.setting.duel_rounds):
            first = starts[number % len(starts)]
            turn = number % len(cells)
            for name, batch in cells[turn:] + cells[:turn]:
                self.run(name, list(range(first, first + size)), batch,
                         phase="duel", round=number, order="arrival", first=first)

    def sizes(self, name):
        """Runs newsgenre on all texts at every batch size, and after each piece the matrix products at its row counts."""
        precision = name.rsplit(" ", 1)[1]
        command = [plan.PROGRAMS / "product_rate", self.config["hidden_size"], self.config["intermediate_size"], precision,
                   self.setting.threads]
        rates = Worker(f"products {precision}", command, report.OUT / "logs")
        for number in range(self.setting.size_rounds):
            report.progress(f"sizes: {name}, round {number + 1} of {self.setting.size_rounds}")
            for first in range(0, len(self.texts), plan.CHUNK):
                for batch in plan.BATCHES:
                    if first % plan.piece(batch) == 0:
                        self._size_piece(name, rates, number, first, batch)
        rates.close()

    def _size_piece(self, name, rates, number, first, batch):
        """Runs the texts from `first` on: one chunk, or one batch if that is larger."""
        numbers = list(range(first, min(first + max(plan.CHUNK, batch), len(self.texts))))
        self.run(name, numbers, batch, phase="sizes", round=number, order="arrival", first=first)
        rows = [sum(len(self.texts[n]) for n in numbers[start : start + batch]) for start in range(0, len(numbers), batch)]
        answer = rates.ask(rows=rows)
        self.products.append({"contender": name, "batch": batch, "round": number, "first": first, "rows": rows, **answer})


def duel_goal(bench, name, limit, ours_names, peers):
    """Runs the duel of newsgenre's fastest precision and the two fastest peers in the survey. Returns its goal."""
    rates = results.rates(bench.samples)
    ours = results.best_cells(rates, ours_names, "arrival", 1)
    rivals = results.best_cells(rates, peers, "arrival", 2)
    if not ours:
        return report.goal_missed(name, limit, "; ".join(bench.notes) or "newsgenre was not measured")
    bench.duel(ours[0], rivals)

    def cell(contender, batch):
        return {"phase": "duel", "contender": contender, "batch": batch}

    candidates = []
    for rival in rivals:
        ratios = results.speed_ratios(bench.samples, cell(*ours[0]), cell(*rival))
        candidates.append((report.summary(ratios)["median"], ratios, rival))
    worst, ratios, rival = min(candidates)
    return report.goal(f"{name}: {ours[0][0]} in batches of {ours[0][1]} / {rival[0]} in batches of {rival[1]}", worst, limit,
                       spread=report.summary(ratios))


def size_goals(bench, name):
    """Measures newsgenre at every batch size and the matrix products, prints a table and returns the goals of both."""
    bench.sizes(name)
    precision = name.rsplit(" ", 1)[1]
    ratio, (small, large) = results.worst_growth(bench.samples, name, plan.BATCHES)
    goals = [report.goal(f"{name}: a batch size against any smaller one, worst {large} / {small}", ratio, plan.GROWTH_GOAL)]
    rows = []
    for batch in plan.BATCHES:
        samples = results.matching(bench.samples, phase="sizes", contender=name, batch=batch)
        products = results.matching(bench.products, contender=name, batch=batch)
        ours, rate, share = zip(*results.product_shares(bench.config, samples, products), strict=True)
        rows.append([f"batch {batch}", report.number(results.texts_per_second(samples)), report.spread(ours),
                     report.spread(rate), "/".join(results.best_kernels(products)), report.spread(share)])
        goals.append(report.goal(f"{name}, batches of {batch}: executed FLOPs a second / the matrix products' rate",
                                 report.summary(share)["median"], plan.PRODUCT_GOALS[precision], spread=report.summary(share)))
    header = [name, "texts/s", "GFLOP/s executed", "GFLOP/s of products", "by (qkv/dense/ffn/ffn_output)", "share"]
    print("\n" + report.table(header, rows))
    return goals


def measure_goals(bench, native_bf16):
    fp32, lower = bench.names("fp32", ours=True), bench.names("bf16", "int8", ours=True)
    peers = bench.names("fp32", "bf16", "int8")
    goals = [duel_goal(bench, "times the best peer in fp32", plan.FP32_GOAL, fp32, bench.names("fp32")),
             duel_goal(bench, "times the best peer of any precision", plan.LOWER_PRECISION_GOAL, lower, peers)]
    for precision in ("fp32", "bf16", "int8"):
        name = f"ours {precision}"
        if name in bench.workers:
            goals += size_goals(bench, name)
        elif precision == "bf16" and not native_bf16:
            goals.append(report.goal_not_applicable("ours bf16: batch sizes, share of the matrix products' rate",
                                                    plan.PRODUCT_GOALS[precision], "the processor has no bf16 instructions"))
        else:
            goals.append(report.goal_missed(f"{name}: batch sizes, share of the matrix products' rate",
                                            plan.PRODUCT_GOALS[precision], "; ".join(bench.notes)))
    return goals


def print_survey(bench):
    """Prints the rates of all contenders, and newsgenre's speedup in each precision, for both orders."""
    for order in ("arrival", "length"):
        batches = [batch for cell_order, batch in bench.setting.cells if cell_order == order]
        print("\n" + results.rate_table(bench.samples, list(bench.workers), order, batches))
        for ours in bench.names("fp32", "bf16", "int8", ours=True):
            peers = [name for name in bench.workers if not name.startswith("ours")]
            print("\n" + results.ratio_table(bench.samples, ours, peers, order, batches))
    if bench.notes:
        print("\n" + "\n".join(bench.notes))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer texts, batch sizes and rounds")
    setting = plan.setting(parser.parse_args().quick)
    machine = report.machine(PACKAGES)
    native_bf16 = report.has_native_bf16(machine)
    print(", ".join([machine["processor"], f"{setting.threads} threads", *machine["flags"]]))
    folder = base_model.make(report.OUT / "albert-base", news.data_folder() / "albert" / "spiece.model")
    ids_path = plan.write_ids(report.OUT)
    plan.make_peer_models(folder)
    bench = Bench(setting, folder, ids_path)
    try:
        bench.start(plan.contenders())
        if not bench.agreement():
            raise SystemExit("the contenders do not compute the same function, so their speeds cannot be compared")
        if not native_bf16:
            bench.drop_emulated()
        bench.survey()
        print_survey(bench)
        goals = measure_goals(bench, native_bf16)
        info = {name: worker.info for name, worker in bench.workers.items()}
    finally:
        bench.close()
    report.write("engine", samples=bench.samples, goals=goals, machine=machine, quick=setting.quick, threads=setting.threads,
                 texts=len(bench.texts), survey_texts=setting.survey_texts, contenders=info, notes=bench.notes,
                 products=bench.products)
    report.progress("done")


if __name__ == "__main__":
    main()
