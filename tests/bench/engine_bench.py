#!/usr/bin/env python3
"""The forward pass of ours and of its peers over AG News's test texts, and the machine's own matrix products beside it.

  engine_bench.py [--quick]        (tests/bench/run.sh engine calls it: it needs programs, packages and NEWSGENRE_DATA)

Everybody runs the same weights (ALBERT-base's sizes, random), the same ids and as many threads as there are CPUs; one works
at a time, in turn, a piece of a few seconds each. Three parts:
  survey   every contender, the first texts of the file in arrival order and the same in length order, every batch size
  duel     ours at its best batch size against the two best peers at theirs, arrival order, many rounds
  sizes    ours at every batch size on the same texts, the machine's matrix products at the same row counts beside it
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
# Largest difference of a log-probability from transformers' fp32: rounding for the same precision; for the others what
# tells a lower precision from another function, since those of two texts differ by about one.
AGREEMENT_BARS = {"fp32": 1e-4, "bf16": 0.15, "int8": 0.5}
REFERENCE = "transformers fp32"


class Bench:
    """Owns the contenders' processes and every sample."""

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
        """Runs a few texts through everybody in batches of four. Whether all of them compute the same function."""
        numbers = list(range(plan.AGREEMENT_TEXTS))
        scores = {name: worker.ask(texts=numbers, batch=4, scores=True)["log_probabilities"]
                  for name, worker in self.workers.items()}
        table, good = results.agreement(scores, REFERENCE, AGREEMENT_BARS)
        print(f"{table}\n")
        return good

    def drop_the_emulated(self):
        """bf16 without instructions for it is several times slower than fp32: a few texts show that, and no more run."""
        numbers = list(range(1, 1 + plan.EMULATED_TEXTS))
        for name in self.names("bf16") + self.names("bf16", ours=True):
            self.run(name, numbers[:1], 1)
            alone, together = (report.number(len(numbers) / self.run(name, numbers, batch, phase="emulated"))
                               for batch in (1, len(numbers)))
            self.notes.append(f"{name}: emulated on this processor, {alone} texts/s one by one and {together} in a batch of "
                              f"{len(numbers)}, on {len(numbers)} texts; left out of all else")
            self.workers.pop(name).close()

    def survey(self):
        """Every contender on the same piece, then the next piece; who begins moves on."""
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
        """(ours, batch), (peer, batch) …: all on the same texts in every round."""
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
        """Ours on all texts at every batch size; behind each piece the matrix products at its batches' row counts."""
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
        """The texts from `first` on: a chunk, or as many as one batch needs."""
        numbers = list(range(first, min(first + max(plan.CHUNK, batch), len(self.texts))))
        self.run(name, numbers, batch, phase="sizes", round=number, order="arrival", first=first)
        rows = [sum(len(self.texts[n]) for n in numbers[start : start + batch]) for start in range(0, len(numbers), batch)]
        answer = rates.ask(rows=rows)
        self.products.append({"contender": name, "batch": batch, "round": number, "first": first, "rows": rows, **answer})


def duel_goal(bench, name, bar, ours_names, peers):
    """Measures and judges: the best of ours against the best two of the peers, by the survey."""
    rates = results.rates(bench.samples)
    ours = results.best_cells(rates, ours_names, "arrival", 1)
    rivals = results.best_cells(rates, peers, "arrival", 2)
    if not ours:
        return report.goal_missed(name, bar, "; ".join(bench.notes) or "nothing of ours was measured")
    bench.duel(ours[0], rivals)

    def cell(contender, batch):
        return {"phase": "duel", "contender": contender, "batch": batch}

    verdicts = []
    for rival in rivals:
        ratios = results.speed_ratios(bench.samples, cell(*ours[0]), cell(*rival))
        verdicts.append((report.summary(ratios)["median"], ratios, rival))
    worst, ratios, rival = min(verdicts)
    return report.goal(f"{name}: {ours[0][0]} in batches of {ours[0][1]} / {rival[0]} in batches of {rival[1]}", worst, bar,
                       spread=report.summary(ratios))


def size_goals(bench, name):
    """Measures ours at every batch size beside the matrix products, prints the table, and judges both."""
    bench.sizes(name)
    precision = name.rsplit(" ", 1)[1]
    ratio, (small, large) = results.worst_growth(bench.samples, name, plan.BATCHES)
    goals = [report.goal(f"{name}: a batch size against any smaller one, worst {large} / {small}", ratio, plan.GROWTH_BAR)]
    rows = []
    for batch in plan.BATCHES:
        samples = results.chosen(bench.samples, phase="sizes", contender=name, batch=batch)
        products = results.chosen(bench.products, contender=name, batch=batch)
        ours, rate, share = zip(*results.product_shares(bench.config, samples, products), strict=True)
        rows.append([f"batch {batch}", report.number(results.texts_per_second(samples)), report.spread(ours),
                     report.spread(rate), "/".join(results.best_kernels(products)), report.spread(share)])
        goals.append(report.goal(f"{name}, batches of {batch}: executed FLOPs a second / the matrix products' rate",
                                 report.summary(share)["median"], plan.PRODUCT_BARS[precision], spread=report.summary(share)))
    header = [name, "texts/s", "GFLOP/s executed", "GFLOP/s of products", "by (qkv/dense/ffn/ffn_output)", "share"]
    print("\n" + report.table(header, rows))
    return goals


def judge(bench, native_bf16):
    fp32, lower = bench.names("fp32", ours=True), bench.names("bf16", "int8", ours=True)
    peers = bench.names("fp32", "bf16", "int8")
    goals = [duel_goal(bench, "times the best peer in fp32", plan.FP32_BAR, fp32, bench.names("fp32")),
             duel_goal(bench, "times the best peer of any precision", plan.LOWER_BAR, lower, peers)]
    for precision in ("fp32", "bf16", "int8"):
        name = f"ours {precision}"
        if name in bench.workers:
            goals += size_goals(bench, name)
        elif precision == "bf16" and not native_bf16:
            goals.append(report.goal_not_applicable("ours bf16: batch sizes, share of the matrix products' rate",
                                                    plan.PRODUCT_BARS[precision], "the processor has no bf16 instructions"))
        else:
            goals.append(report.goal_missed(f"{name}: batch sizes, share of the matrix products' rate",
                                            plan.PRODUCT_BARS[precision], "; ".join(bench.notes)))
    return goals


def print_survey(bench):
    """Tables of both orders: everybody's rates, and how many times as fast ours was in each precision."""
    for order in ("arrival", "length"):
        batches = [batch for of_order, batch in bench.setting.cells if of_order == order]
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
    plan.make_peers_models(folder)
    bench = Bench(setting, folder, ids_path)
    try:
        bench.start(plan.contenders())
        if not bench.agreement():
            raise SystemExit("the contenders do not compute the same function: there is nothing to compare")
        if not native_bf16:
            bench.drop_the_emulated()
        bench.survey()
        print_survey(bench)
        goals = judge(bench, native_bf16)
        info = {name: worker.info for name, worker in bench.workers.items()}
    finally:
        bench.close()
    report.write("engine", samples=bench.samples, goals=goals, machine=machine, quick=setting.quick, threads=setting.threads,
                 texts=len(bench.texts), survey_texts=setting.survey_texts, contenders=info, notes=bench.notes,
                 products=bench.products)
    report.progress("done")


if __name__ == "__main__":
    main()
