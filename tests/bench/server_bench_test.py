"""Tests server_bench.py, frontend_bench.py and servers.py."""

import sys
import types
import unittest

sys.modules.setdefault("base_model", types.ModuleType("base_model"))  # needs NumPy; the tests make no model

import frontend_bench  # noqa: E402
import server_bench  # noqa: E402
import servers  # noqa: E402


class FakeServer:
    def __init__(self, name):
        self.name = name


def server_samples(number, ours, engine, theirs):
    """Returns the samples of a round: each server's rate, and p50 = p95 = 100 ms / rate at every load."""
    samples = [{"server": "engine", "load": "saturation", "round": number, "batch": batch, "texts_per_second": rate}
               for batch, rate in engine.items()]
    for name, rate in {"newsgenre": ours, **theirs}.items():
        samples.append({"server": name, "load": "saturation", "round": number, "texts_per_second": rate})
        samples += [{"server": name, "load": f"{fraction:.0%} load", "round": number, "p50_ms": 100 / rate, "p95_ms": 100 / rate}
                    for fraction in server_bench.LOADS]
    return samples


def make_server_bench(samples, tokens=(), rival="newsgenre"):
    bench = server_bench.Bench.__new__(server_bench.Bench)
    bench.samples, bench.tokens, bench.rival = samples, list(tokens), rival
    return bench


def peer(name, problem=None):
    result = server_bench.Peer(name, None)
    result.problem = problem
    if not problem:
        result.saturated = result.responsive = FakeServer(name.lower())
    return result


class ServerBenchTest(unittest.TestCase):
    def test_rates_count_tokens(self):
        bench = make_server_bench([], tokens=[10, 30])
        samples = [[index % 2, 5.0, 100.0 * index] for index in range(20)] + [[1, None, None]]
        self.assertAlmostEqual(bench.texts_per_second({"seconds": 2.0, "samples": samples}), 10, delta=1)

    def test_rate_excludes_batches_at_the_ends_of_the_window(self):
        # Every 700 ms a batch of 4 texts with 10 tokens each, whose responses arrive within 3 ms: 57.1 tokens per second.
        responses = [(700 * batch + text + phase, 10) for phase in (1, 350, 690) for batch in range(11) for text in range(4)]
        for phase in range(3):
            rate = server_bench.token_rate(responses[44 * phase : 44 * phase + 44], 8000)
            self.assertAlmostEqual(rate, 40 / 0.7, delta=0.1)

    def test_rate_of_batches_as_long_as_the_window(self):
        self.assertEqual(server_bench.token_rate([(4000, 10), (4001, 20)], 8000), 3.75)

    def test_goals(self):
        samples = server_samples(0, 12, {1: 12, 8: 10}, {"triton": 10, "litserve": 24})
        goals = server_bench.goals(make_server_bench(samples), [peer("Triton"), peer("LitServe")], [0.2, 0.4, 9.0])
        verdicts = {goal["name"]: (goal["value"], goal["met"]) for goal in goals}
        self.assertEqual(verdicts["saturation: rate against the engine's best (batches of 1)"], (1.0, True))
        self.assertEqual(verdicts["one caller: ms of a call beyond its bare forward, median"], (0.4, True))
        self.assertEqual(verdicts["saturation: texts a second against Triton"], (1.2, True))
        self.assertEqual(verdicts["saturation: texts a second against LitServe"], (0.5, False))
        self.assertTrue(verdicts["30% load: p50, Triton's by ours"][1])
        self.assertFalse(verdicts["70% load: p95, LitServe's by ours"][1])
        self.assertEqual(len(goals), 12)

    def test_compares_a_server_in_the_peers_precision(self):
        samples = server_samples(0, 12, {1: 12}, {"newsgenre int8": 30, "triton": 15})
        goals = server_bench.goals(make_server_bench(samples, rival="newsgenre int8"), [peer("Triton")], [0.2])
        values = {goal["name"]: goal["value"] for goal in goals}
        self.assertEqual(values["saturation: rate against the engine's best (batches of 1)"], 1)
        self.assertEqual(values["saturation: texts a second against Triton (newsgenre int8)"], 2)
        self.assertEqual(values["30% load: p50, Triton's by ours (newsgenre int8)"], 2)

    def test_goals_are_not_applicable_for_a_peer_that_does_not_start(self):
        samples = server_samples(0, 12, {1: 12}, {})
        goals = server_bench.goals(make_server_bench(samples), [peer("Triton", "no libpython")], [0.2])
        self.assertEqual([goal["reason"] for goal in goals if goal["met"] is None], ["no libpython"] * 5)

    def test_unfinished_calls_count_as_infinitely_slow(self):
        samples = server_samples(0, 12, {1: 12}, {"triton": 10})
        for sample in samples:
            if sample["server"] == "newsgenre" and "p95_ms" in sample:
                sample["p95_ms"] = None
        goals = server_bench.goals(make_server_bench(samples), [peer("Triton")], [0.2])
        self.assertEqual({goal["met"] for goal in goals if "p95" in goal["name"]}, {False})


class FrontendBenchTest(unittest.TestCase):
    def goals(self, rates, problems={}):
        bench = frontend_bench.Bench.__new__(frontend_bench.Bench)
        bench.tritons = {"triton": "triton 2x32", "triton-constant": "triton-constant 1x1"}
        bench.samples = [{"server": name, "load": "saturation", "round": number, "calls_per_second": rate}
                         for number in range(3) for name, rate in rates.items()]
        return frontend_bench.goals(bench, problems)

    def test_goals(self):
        met = self.goals({"newsgenre": 60, "empty service": 100, "triton 2x32": 10, "triton-constant 1x1": 20})
        self.assertEqual([(goal["value"], goal["met"]) for goal in met], [(0.6, True), (6.0, True), (3.0, True)])
        missed = self.goals({"newsgenre": 49, "empty service": 100, "triton 2x32": 17, "triton-constant 1x1": 30})
        self.assertEqual([goal["met"] for goal in missed], [False, False, False])

    def test_without_triton(self):
        problems = {"triton": "no libpython", "triton-constant": "no libpython"}
        goals = self.goals({"newsgenre": 60, "empty service": 100}, problems)
        self.assertEqual([goal["met"] for goal in goals], [True, None, None])


class ServersTest(unittest.TestCase):
    def test_reports_why_a_server_did_not_start(self):
        with self.assertRaisesRegex(servers.ServerFailed, "broken did not start: out of luck"):
            servers.Server("broken", "newsgenre", ["sh", "-c", "echo out of luck; exit 1"], servers.logged_address("port"))

    def test_starts_freezes_and_stops_a_server_with_its_children(self):
        command = ["sh", "-c", 'sleep 1000 & echo "{\\"port\\": 7}"; wait']
        server = servers.Server("a family", "newsgenre", command, servers.logged_address("port"))
        self.assertEqual(server.address, "127.0.0.1:7")
        tree = servers.process_tree(server.process.pid)
        self.assertEqual(len(tree), 2)
        server.freeze()
        while {servers.stat_fields(f"/proc/{process}/stat")[1][0] for process in tree} != {"T"}:
            pass
        self.assertEqual(set(server.cpu_seconds()), {"sh", "sleep"})
        server.stop()
        self.assertIsNotNone(server.process.poll())


if __name__ == "__main__":
    unittest.main()
