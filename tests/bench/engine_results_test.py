#!/usr/bin/env python3
"""Tests engine_results.py with made-up samples."""

import unittest

import engine_results as results
import work

CONFIG = {"embedding_size": 4, "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 2,
          "id2label": {"0": "a", "1": "b"}}


def sample(contender, seconds, batch=1, phase="survey", order="arrival", first=0, round_number=0, lengths=(10, 20)):
    return {"phase": phase, "round": round_number, "contender": contender, "order": order, "batch": batch, "first": first,
            "lengths": list(lengths), "seconds": seconds}


class AgreementTest(unittest.TestCase):
    def test_compares_the_largest_difference_with_the_tolerance(self):
        scores = {"theirs fp32": [[-1.0, -2.0], [-3.0, -1.0]], "ours fp32": [[-1.0, -2.0], [-3.0, -1.0001]],
                  "ours int8": [[-1.0, -2.2], [-3.0, -1.0]]}
        table, good = results.agreement(scores, "theirs fp32", {"fp32": 2e-4, "int8": 0.5})
        self.assertTrue(good)
        self.assertEqual([line.split()[-1] for line in table.splitlines()[2:5]], ["ok"] * 3)
        self.assertIn("2.0e-01", table)
        self.assertFalse(results.agreement(scores, "theirs fp32", {"fp32": 2e-4, "int8": 0.1})[1])

    def test_nan_is_no_agreement(self):
        scores = {"theirs fp32": [[-1.0]], "ours fp32": [[float("nan")]]}
        self.assertFalse(results.agreement(scores, "theirs fp32", {"fp32": 1.0})[1])


class RatesTest(unittest.TestCase):
    def test_rate_is_texts_over_seconds_of_a_cell(self):
        rates = results.rates([sample("a", 1.0), sample("a", 3.0, first=2), sample("a", 1.0, batch=8),
                               sample("a", 9.0, phase="duel")])
        self.assertEqual(rates, {("a", "arrival", 1): 1.0, ("a", "arrival", 8): 2.0})

    def test_best_cells_takes_each_contenders_best_batch_size(self):
        rates = {("a", "arrival", 1): 5.0, ("a", "arrival", 8): 4.0, ("b", "arrival", 1): 3.0, ("b", "arrival", 8): 6.0,
                 ("c", "arrival", 1): 9.0, ("a", "length", 8): 99.0}
        self.assertEqual(results.best_cells(rates, ["a", "b"], "arrival", 2), [("b", 8), ("a", 1)])
        self.assertEqual(results.best_cells(rates, ["a", "b", "c"], "arrival", 1), [("c", 1)])


class RatioTest(unittest.TestCase):
    def test_compares_the_same_texts_of_the_same_round(self):
        samples = [sample("ours", 1.0), sample("theirs", 2.0), sample("theirs", 100.0, first=2),
                   sample("ours", 1.0, round_number=1), sample("theirs", 3.0, round_number=1), sample("theirs", 100.0, batch=8)]
        ours, theirs = {"contender": "ours", "batch": 1}, {"contender": "theirs", "batch": 1}
        self.assertEqual(results.speed_ratios(samples, ours, theirs), [2.0, 3.0])

    def test_finds_the_worst_pair_of_batch_sizes(self):
        seconds = {1: 10.0, 8: 8.0, 32: 8.5, 128: 7.0}
        samples = [sample("ours", seconds[batch] / 2, batch=batch, phase="sizes", first=first, round_number=number)
                   for batch in seconds for first in (0, 2) for number in (0, 1)]
        ratio, pair = results.worst_growth(samples, "ours", list(seconds))
        self.assertEqual(pair, (8, 32))
        self.assertAlmostEqual(ratio, 8.0 / 8.5)


class ProductTest(unittest.TestCase):
    def test_finds_the_best_kernel_of_each_product(self):
        products = [{"seconds": {"x": [1.0, 5.0, 1.0, 1.0], "y": [2.0, 2.0, 3.0, 0.5]}},
                    {"seconds": {"x": [1.0, 5.0, 1.0, 1.0], "y": [2.0, 2.0, 3.0, 0.5]}}]
        self.assertEqual(results.best_kernels(products), ["x", "y", "x", "y"])

    def test_share_of_the_product_rate(self):
        products = [{"round": 0, "first": 0, "rows": [30], "seconds": {"x": [1.0, 1.0, 1.0, 1.0]}}]
        rate = sum(work.layer_products(CONFIG, 30)) / 4.0
        ((ours, theirs, share),) = results.product_shares(CONFIG, [sample("ours", 2.0, phase="sizes")], products)
        self.assertAlmostEqual(theirs, rate / 1e9)
        self.assertAlmostEqual(ours, work.flops(CONFIG, [10, 20]) / 2.0 / 1e9)
        self.assertAlmostEqual(share, ours / theirs)


class TableTest(unittest.TestCase):
    def test_shows_a_dash_for_a_missing_measurement(self):
        samples = [sample("ours", 1.0), sample("theirs", 2.0)]
        self.assertEqual(results.rate_table(samples, ["ours", "theirs"], "arrival", [1, 8]).splitlines()[2:],
                         ["ours                       2.00        -", "theirs                     1.00        -"])
        self.assertIn("2.00", results.ratio_table(samples, "ours", ["theirs"], "arrival", [1]))


if __name__ == "__main__":
    unittest.main()
