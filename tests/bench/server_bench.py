#!/usr/bin/env python3
"""Measures calls to newsgenre, Triton and LitServe with ALBERT-base and the same texts. Called by run.sh server.

newsgenre runs with its defaults. Each peer runs ONNX Runtime with the fastest of its model files. Several configurations of
cores and batch sizes are tried: the one with the highest rate is measured at saturation, the one with the fastest call at
lower loads. If the fastest file is int8 and newsgenre's default is not, a second newsgenre serves in int8 and is compared with
the peers; the first is listed, too. The servers take turns, and are frozen while another is measured. Rates count tokens, so
that they do not depend on the texts' lengths: texts per second are tokens per second divided by the mean number of tokens of a
text.
"""

import argparse
import json
import os
import statistics
import subprocess
import time

import base_model
import news
import report
import servers

COUNT = 128  # texts, sent in turn
MAX_CALLERS = 128
NEVER_MS = 1e9
# A single caller sends blocks of this many texts, at this many positions in the texts.
BLOCK_TEXTS, BLOCK_FIRSTS = 16, 4
LOADS = (0.3, 0.7)  # fractions of the slowest server's rate
CPUS = len(os.sched_getaffinity(0))
# (instances, threads per instance, texts per batch)
CONFIGURATIONS = list(dict.fromkeys([(1, CPUS, 1), (1, CPUS, 8), (CPUS, 1, 1)]))


def token_rate(responses, window_ms):
    """Returns the tokens per second, from (ms, tokens) of each response.

    Responses arrive in batches, and a window that cuts through batches counts one too many or too few. So the rate is measured
    from the end of one batch, before the longest pause in the first third of the window, to the end of another one, before the
    longest pause in the last third.
    """
    responses = sorted(responses)
    pauses = [(following - ms, ms) for (ms, _), (following, _) in zip(responses, responses[1:])]
    early = [pause for pause in pauses if pause[1] < window_ms / 3]
    late = [pause for pause in pauses if pause[1] > window_ms * 2 / 3]
    if not early or not late:  # a batch takes at least a third of the window
        return 1000 * sum(tokens for _, tokens in responses) / window_ms
    begin, end = max(early)[1], max(late)[1]
    return 1000 * sum(tokens for ms, tokens in responses if begin < ms <= end) / (end - begin)


class Peer:
    """One of the other servers. `start` starts it in a configuration."""

    def __init__(self, name, start):
        self.name, self.start = name, start
        self.problem = None
        self.saturated = self.responsive = None  # running servers, possibly the same

    def servers(self):
        return list(dict.fromkeys(server for server in (self.saturated, self.responsive) if server))


class Bench:
    def __init__(self, quick):
        self.quick = quick
        self.rounds, self.seconds, self.choice_seconds, self.blocks = (2, 8, 4, 10) if quick else (3, 25, 8, 40)
        self.texts = news.data_folder() / "ag_news" / "test.csv"
        self.samples = []
        self.rival = "newsgenre"  # the name of the server that is compared with the peers
        self.model = base_model.make(servers.OUT / "albert-base", news.data_folder() / "albert" / "spiece.model")
        self.bare = servers.BareModel(self.model, self.texts, COUNT)
        self.tokens = self.bare.about["tokens"]
        self.callers = min(MAX_CALLERS, max(16, 2 * self.bare.about["batch_texts"]))

    def best_file(self, tokenizer, files):
        """Returns the fastest ONNX file in batches of one text. Includes the int8 file if newsgenre doesn't serve in fp32."""
        names = ["model.onnx", "model_fused.onnx"] + ["model_int8.onnx"] * (self.bare.about["precision"] != "fp32")
        lines = "".join(json.dumps(text) + "\n" for text in news.texts(16))
        command = [servers.PEERS_PYTHON, servers.PEERS / "onnx_classifier.py", tokenizer, f"--threads={CPUS}",
                   *(files[name] for name in names)]
        output = subprocess.run(command, check=True, input=lines, stdout=subprocess.PIPE, text=True).stdout
        seconds = json.loads(output)
        self.samples.append({"load": "choice of the file", "seconds": seconds})
        return str(files[min(seconds, key=seconds.get)])

    def texts_per_second(self, result):
        return token_rate([(end, self.tokens[text]) for text, ms, end in result["samples"] if ms is not None],
                          1000 * result["seconds"]) / statistics.mean(self.tokens)

    def load(self, server, load, number=0, seconds=None, **how):
        """Measures one sample and returns it. `load` is the name of the load, `how` are its settings for load_generator."""
        report.progress(f"{load}, {server.name}, {number + 1}")
        server.thaw()
        before = servers.newsgenre_metrics(server) if server.protocol == "newsgenre" else {}
        how = {"count": COUNT, "warmup_seconds": 2, "seed": number + 1, **how}
        result = servers.load(server, self.texts, seconds=seconds or self.seconds, **how)
        after = servers.newsgenre_metrics(server) if server.protocol == "newsgenre" else {}
        server.freeze()
        if how.get("callers"):
            result["texts_per_second"] = self.texts_per_second(result)
        if after:
            texts, batches = (after[f"newsgenre_batch_texts_{part}"] - before[f"newsgenre_batch_texts_{part}"]
                              for part in ("sum", "count"))
            result["mean_batch_texts"] = texts / max(1, batches)
        self.samples.append({"server": server.name, "load": load, "round": number, **how, **result})
        return result

    def choose(self, peer):
        """Starts the peer in each configuration, and stops all except two. The one with the highest rate is for saturation. The
        other is for lower loads: it has the highest rate among those within 5 % of the fastest call of a single caller."""
        candidates = []
        try:
            for configuration in CONFIGURATIONS:
                server = peer.start(*configuration)
                candidates.append({"server": server})
                rate = self.load(server, "choice", seconds=self.choice_seconds, callers=8)["texts_per_second"]
                median = self.load(server, "choice: one caller", seconds=self.choice_seconds, callers=1)["p50_ms"]
                candidates[-1] |= {"rate": rate, "median": median}
            fastest_call = min(candidate["median"] for candidate in candidates)
            peer.saturated = max(candidates, key=lambda candidate: candidate["rate"])["server"]
            responsive = [candidate for candidate in candidates if candidate["median"] <= 1.05 * fastest_call]
            peer.responsive = max(responsive, key=lambda candidate: candidate["rate"])["server"]
        except servers.ServerFailed as problem:
            peer.problem = str(problem)
        for candidate in candidates:
            if candidate["server"] not in peer.servers():
                candidate["server"].stop()

    def saturation(self, ours, peers, number):
        """Measures the highest rates of newsgenre, of its engine alone, and of the peers."""
        turn = [*ours, None, *(peer.saturated for peer in peers)]
        for server in turn[number % len(turn) :] + turn[: number % len(turn)]:
            if server is None:
                self.engine_rates(number)
            else:
                self.load(server, "saturation", number, callers=self.callers)

    def engine_rates(self, number):
        """Measures the forward pass alone, in batches of one text and of the sizes that the server can form."""
        for size in dict.fromkeys((1, 8, self.bare.about["batch_texts"])):
            tokens = seconds = first = 0
            while seconds < self.seconds / 2:
                batch = [text % COUNT for text in range(first, first + size)]
                first += size
                took = self.bare.forward(batch)
                if first > size:  # the first batch is warm-up
                    tokens += sum(self.tokens[text] for text in batch)
                    seconds += took
            self.samples.append({"server": "engine", "load": "saturation", "round": number, "batch": size,
                                 "texts_per_second": tokens / seconds / statistics.mean(self.tokens)})

    def offered_loads(self, ours, peers, number):
        running = [*ours, *(peer.responsive for peer in peers)]
        slowest = min(self.median_rate(server.name) for server in [*ours, *(peer.saturated for peer in peers)])
        for fraction in LOADS:
            for server in running[number % len(running) :] + running[: number % len(running)]:
                self.load(server, f"{fraction:.0%} load", number, rate=fraction * slowest)

    def calls_and_forwards(self, ours):
        """Alternates between calls of a single caller and bare forward passes of the same texts, in small blocks, so that
        changes of the machine's speed cancel out. Returns how many ms a call takes longer: for each text, the difference of the
        medians."""
        calls, forwards = {}, {}
        for block in range(self.blocks):
            first = block % BLOCK_FIRSTS * BLOCK_TEXTS
            result = self.load(ours, "one caller", block, seconds=1.5, callers=1, warmup_seconds=0.3, first=first,
                               count=BLOCK_TEXTS)
            self.bare.forward([first])  # warm-up
            for text, ms, _ in result["samples"]:
                calls.setdefault(first + text, []).append(NEVER_MS if ms is None else ms)
                forwards.setdefault(first + text, []).append(1000 * self.bare.forward([first + text]))
        self.samples.append({"server": "engine", "load": "one caller", "calls_ms": calls, "forwards_ms": forwards})
        return [statistics.median(calls[text]) - statistics.median(forwards[text]) for text in calls]

    def select(self, name, load):
        """Returns the samples of a server at a load."""
        return [sample for sample in self.samples if (sample.get("server"), sample["load"]) == (name, load)]

    def rates(self, name, batch=None):
        return {sample["round"]: sample["texts_per_second"] for sample in self.select(name, "saturation")
                if batch in (None, sample.get("batch"))}

    def median_rate(self, name):
        return statistics.median(self.rates(name).values())

    def engine_best_batch(self):
        sizes = {sample["batch"] for sample in self.select("engine", "saturation")}
        return max(sizes, key=lambda size: statistics.median(self.rates("engine", size).values()))

    def percentiles(self, name, load, key):
        """Returns {round: ms}, with NEVER_MS if the percentile is a failed or unfinished call."""
        return {sample["round"]: NEVER_MS if sample[key] is None else sample[key] for sample in self.select(name, load)}


def goals(bench, peers, differences):
    batch = bench.engine_best_batch()
    ratios = report.paired_ratios(bench.rates("newsgenre"), bench.rates("engine", batch))
    result = [report.goal(f"saturation: rate against the engine's best (batches of {batch})", statistics.median(ratios), 0.95),
              report.goal("one caller: ms of a call beyond its bare forward, median", statistics.median(differences), 0.5,
                          at_most=True)]
    names = ["saturation: texts a second", *(f"{fraction:.0%} load: {key}" for fraction in LOADS for key in ("p50", "p95"))]
    which = "" if bench.rival == "newsgenre" else f" ({bench.rival})"
    for peer in peers:
        if peer.problem:
            result += [report.goal_not_applicable(f"{name} against {peer.name}{which}", 1, peer.problem) for name in names]
            continue
        ratios = report.paired_ratios(bench.rates(bench.rival), bench.rates(peer.saturated.name))
        result.append(report.goal(f"{names[0]} against {peer.name}{which}", statistics.median(ratios), 1))
        for name, (fraction, key) in zip(names[1:], ((fraction, key) for fraction in LOADS for key in ("p50_ms", "p95_ms"))):
            theirs, ours = (bench.percentiles(server, f"{fraction:.0%} load", key)
                            for server in (peer.responsive.name, bench.rival))
            ratios = report.paired_ratios(theirs, ours)
            result.append(report.goal(f"{name}, {peer.name}'s by ours{which}", statistics.median(ratios), 1))
    return result


def tables(bench, peers, ours, differences):
    rows = [["engine", report.spread(list(bench.rates("engine", bench.engine_best_batch()).values()))]]
    for server in dict.fromkeys([*ours, *(peer.saturated for peer in peers if not peer.problem)]):
        rows.append([server.name, report.spread(list(bench.rates(server.name).values()))])
    print(report.table(["saturation", "texts/s"], rows))
    rows = []
    for fraction in LOADS:
        load = f"{fraction:.0%} load"
        for server in [*ours, *(peer.responsive for peer in peers if not peer.problem)]:
            chosen = bench.select(server.name, load)
            lost = sum(sample["failed"] + sample["unfinished"] for sample in chosen)
            rows.append([load, server.name, report.number(chosen[0]["rate"]),
                         *(report.spread(list(bench.percentiles(server.name, load, key).values()))
                           for key in ("p50_ms", "p95_ms", "p99_ms")), lost])
    print("\n" + report.table(["load", "server", "texts/s", "p50 ms", "p95 ms", "p99 ms", "lost"], rows))
    print(f"\none caller, call minus bare forward pass: {report.spread(differences)} ms over {len(differences)} texts")


def measure(bench, ours, peers):
    """Takes all samples. `ours` are newsgenre with its defaults, and the server that is compared with the peers if different.
    Returns the differences of calls_and_forwards."""
    for peer in peers:
        bench.choose(peer)
    running_peers = [peer for peer in peers if not peer.problem]
    differences = bench.calls_and_forwards(ours[0])
    for number in range(bench.rounds):
        bench.saturation(ours, running_peers, number)
        bench.offered_loads(ours, running_peers, number)
    return differences


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    bench = Bench(parser.parse_args().quick)
    tokenizer, files = servers.onnx_files(bench.model)
    file = bench.best_file(tokenizer, files)
    peers = [Peer("Triton", lambda instances, threads, batch: servers.triton(
                 {"tokenizer": tokenizer, "file": file, "threads": threads}, instances, batch)),
             Peer("LitServe", lambda instances, threads, batch: servers.litserve(tokenizer, file, instances, threads, batch))]
    running = []
    try:
        running.append(servers.newsgenre(bench.model))
        if file.endswith("int8.onnx"):
            running.append(servers.newsgenre(bench.model, "int8"))
            bench.rival = running[-1].name
        for server in running:
            server.freeze()
        differences = measure(bench, running, peers)
    finally:
        bench.bare.stop()
        for server in [*running, *(server for peer in peers for server in peer.servers())]:
            server.stop()
    tables(bench, peers, running, differences)
    print(f"\nthe peers run {os.path.basename(file)}; {bench.rival} is compared with them")
    report.write("server", samples=bench.samples, goals=goals(bench, peers, differences), machine=report.machine(),
                 quick=bench.quick, callers=bench.callers, file=os.path.basename(file), rival=bench.rival,
                 minutes=(time.monotonic() - report.STARTED) / 60)


if __name__ == "__main__":
    main()
