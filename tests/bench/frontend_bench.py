#!/usr/bin/env python3
"""Measures the cost of a call without the model, by serving a model of one tiny layer. Called by run.sh frontend.

Compares newsgenre with its defaults, an empty gRPC service in C++, Triton with the same model in ONNX Runtime, and Triton with
a model that returns a constant, which shows the cost of Triton's own front end. A load generator on the same cores sends AG
News's test texts. The servers take turns, and are frozen while another is measured.
"""

import argparse
import statistics

import base_model
import news
import report
import servers

TINY = {"layers": 1, "hidden": 16, "embedding": 16, "heads": 2, "intermediate": 32}
# Size of newsgenre's response: four labels with probabilities, the label, the version and the number of tokens.
RESPONSE_BYTES = 85
TRITON, TRITON_CONSTANT = "triton", "triton-constant"
# (instances of Triton's Python model, texts per batch). The fastest configuration is the peer.
TRITON_CONFIGURATIONS = [(1, 1), (2, 1), (1, 32), (2, 32)]
CALLERS = 64
STAGES = ("encode", "queue", "forward", "reply")


def stage_seconds(server):
    """Returns (sum, count) of each stage so far, from newsgenre's metrics."""
    metrics = servers.newsgenre_metrics(server)
    return {stage: tuple(metrics.get(f'newsgenre_stage_seconds_{part}{{stage="{stage}"}}', 0) for part in ("sum", "count"))
            for stage in STAGES}


class Bench:
    def __init__(self, quick):
        self.rounds, self.seconds = (3, 3) if quick else (7, 8)
        self.texts = news.data_folder() / "ag_news" / "test.csv"
        self.samples = []
        self.tritons = {}  # the names of the fastest servers, by kind

    def load(self, server, load, number=0, **how):
        """Measures one sample and returns it. `load` is the name of the load, `how` are its settings for load_generator."""
        report.progress(f"{load}, {server.name}, {number + 1}")
        server.thaw()
        before = stage_seconds(server) if server.name == "newsgenre" else {}
        result = servers.load(server, self.texts, seconds=self.seconds, warmup_seconds=1, seed=number + 1, **how)
        after = stage_seconds(server) if server.name == "newsgenre" else {}
        server.freeze()
        result["cpu_us_per_call"] = 1e6 * sum(result["cpu_seconds"].values()) / max(1, result["sent"])
        result["stages"] = {stage: {"seconds": after[stage][0] - before[stage][0], "count": after[stage][1] - before[stage][1]}
                            for stage in after}
        self.samples.append({"server": server.name, "load": load, "round": number, **how, **result})
        return result

    def best_triton(self, what, settings):
        """Starts Triton in each configuration. Stops all except the fastest one, which it freezes and returns."""
        best, best_rate = None, 0
        for instances, batch in TRITON_CONFIGURATIONS:
            server = servers.triton(settings, instances, batch, what)
            rate = self.load(server, "choice", callers=CALLERS)["calls_per_second"]
            slower, best, best_rate = (best, server, rate) if rate > best_rate else (server, best, best_rate)
            if slower is not None:
                slower.stop()
        self.tritons[what] = best.name
        return best

    def run(self, running):
        """Takes all samples. Saturation in the first round determines the rates of the open loops."""
        for number in range(self.rounds):
            turn = running[number % len(running) :] + running[: number % len(running)]
            for server in turn:
                self.load(server, "saturation", number, callers=CALLERS)
            for server in turn:
                self.load(server, "one caller", number, callers=1)
            rates = {server.name: self.rate(server.name, "saturation")[0] for server in running}
            for server in turn:
                self.load(server, "half the slowest's rate", number, rate=min(rates.values()) / 2)
            for server in turn:
                if server.name in ("newsgenre", "empty service"):
                    self.load(server, "half of newsgenre's rate", number, rate=rates["newsgenre"] / 2)

    def select(self, name, load):
        """Returns the samples of a server at a load."""
        return [sample for sample in self.samples if (sample["server"], sample["load"]) == (name, load)]

    def rate(self, name, load):
        return {sample["round"]: sample["calls_per_second"] for sample in self.select(name, load)}

    def row(self, name, load):
        chosen = self.select(name, load)

        def percentile(key):
            values = [sample[key] for sample in chosen]
            return "never" if None in values else report.number(statistics.median(values))

        lost = sum(sample["failed"] + sample["unfinished"] for sample in chosen)
        return [load, name, report.spread([sample["calls_per_second"] for sample in chosen]),
                *map(percentile, ("p50_ms", "p99_ms", "p999_ms")),
                report.spread([sample["cpu_us_per_call"] for sample in chosen]), lost]

    def stage_rows(self):
        """Returns table rows for newsgenre at saturation: CPU time by thread name, and wall time by stage from its metrics."""
        chosen = self.select("newsgenre", "saturation")
        calls = sum(sample["sent"] for sample in chosen)
        threads = {}
        for sample in chosen:
            for name, seconds in sample["cpu_seconds"].items():
                stem = name.split("-")[0] if name.startswith(("worker", "reply")) else "gRPC and encoding"
                threads[stem] = threads.get(stem, 0) + seconds
        rows = [[f"CPU: {name}", report.number(1e6 * seconds / calls), ""] for name, seconds in sorted(threads.items())]
        for stage in STAGES:
            seconds, count = (sum(sample["stages"][stage][key] for sample in chosen) for key in ("seconds", "count"))
            if count:
                rows.append([f"time: {stage}", report.number(1e6 * seconds / calls), report.number(1e6 * seconds / count)])
        return rows


def goals(bench, problems):
    """Returns the goals. `problems` maps a kind of Triton that did not start to the reason."""
    ours = bench.rate("newsgenre", "saturation")
    ratios = report.paired_ratios(ours, bench.rate("empty service", "saturation"))
    result = [report.goal("calls a second against an empty gRPC service", statistics.median(ratios), 0.5)]
    for what, which in ((TRITON, "the same model"), (TRITON_CONSTANT, "a constant model")):
        name = f"calls a second against Triton with {which}"
        if what in problems:
            result.append(report.goal_not_applicable(name, 3, problems[what]))
            continue
        ratios = report.paired_ratios(ours, bench.rate(bench.tritons[what], "saturation"))
        result.append(report.goal(name, statistics.median(ratios), 3))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    model = base_model.make(servers.OUT / "albert-tiny", news.data_folder() / "albert" / "spiece.model", **TINY)
    bench = Bench(quick)
    tokenizer, files = servers.onnx_files(model)
    tritons = {TRITON: {"tokenizer": tokenizer, "file": str(files["model_fused.onnx"]), "threads": 1}, TRITON_CONSTANT: {}}
    running, problems = [], {}
    try:
        running += [servers.newsgenre(model), servers.empty(RESPONSE_BYTES)]
        for server in running:
            server.freeze()
        for what, settings in tritons.items():
            try:
                running.append(bench.best_triton(what, settings))
            except servers.ServerFailed as problem:
                problems[what] = str(problem)
        bench.run(running)
    finally:
        for server in running:
            server.stop()
    loads = dict.fromkeys(sample["load"] for sample in bench.samples if sample["load"] != "choice")
    rows = [bench.row(server.name, load) for load in loads for server in running if bench.select(server.name, load)]
    print(report.table(["load", "server", "calls/s", "p50 ms", "p99 ms", "p99.9 ms", "server CPU us/call", "lost"], rows))
    print("\nnewsgenre at saturation:")
    print(report.table(["stage", "us per call", "us per event"], bench.stage_rows()))
    report.write("frontend", samples=bench.samples, goals=goals(bench, problems), machine=report.machine(), quick=quick,
                 callers=CALLERS)


if __name__ == "__main__":
    main()
