#!/usr/bin/env python3
"""Tests train_results.py with made-up samples."""

import unittest

import train_results as results
import work

CONFIG = {"embedding_size": 4, "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 2,
          "id2label": {"0": "a", "1": "b"}}


def sample(contender, seconds, round_number=0, lengths=((10, 20), (30,)), size="base"):
    return {"size": size, "round": round_number, "contender": contender, "lengths": [list(step) for step in lengths],
            "seconds": seconds}


class AgreementTest(unittest.TestCase):
    TOLERANCES = {"fp32": 1e-3, "bf16": 0.05}

    def agree(self, losses):
        return results.agreement(losses, "theirs fp32", self.TOLERANCES, min_loss_change=0.01)

    def test_each_precision_has_its_tolerance(self):
        losses = {"theirs fp32": [1.5, 1.4, 1.2], "ours fp32": [1.5, 1.4005, 1.2], "ours bf16": [1.52, 1.4, 1.2]}
        table, good = self.agree(losses)
        self.assertTrue(good)
        self.assertEqual([line.split()[-1] for line in table.splitlines()[2:]], ["ok"] * 4)
        self.assertIn("5.0e-04", table)

    def test_a_step_beyond_the_tolerance_is_a_miss(self):
        for name, losses in (("ours fp32", [1.5, 1.402, 1.2]), ("ours bf16", [1.5, 1.4, 1.3]),
                             ("ours fp32", [1.5, float("nan"), 1.2])):
            with self.subTest(name=name, losses=losses):
                table, good = self.agree({"theirs fp32": [1.5, 1.4, 1.2], name: losses})
                self.assertFalse(good)
                self.assertEqual(table.splitlines()[3].split()[-1], "MISS")

    def test_requires_a_change_of_the_loss(self):
        self.assertFalse(self.agree({"theirs fp32": [1.5, 1.4, 1.495], "ours fp32": [1.5, 1.4, 1.495]})[1])


class SpeedTest(unittest.TestCase):
    def test_tokens_per_second_by_round(self):
        samples = [sample("a", 2.0), sample("a", 1.0, round_number=1, lengths=((5,),))]
        self.assertEqual(results.tokens_per_second(samples), {0: 30.0, 1: 5.0})

    def test_compares_different_batches_by_their_tokens(self):
        samples = [sample("ours", 1.0), sample("theirs", 4.0, lengths=((20, 10),)), sample("ours", 2.0, round_number=1),
                   sample("theirs", 2.0, round_number=1), sample("theirs", 1.0, round_number=2)]
        self.assertEqual(results.speed_ratios(samples, {"contender": "ours"}, {"contender": "theirs"}), [8.0, 1.0])

    def test_fastest_has_the_highest_median(self):
        samples = [sample("a", seconds, round_number=i) for i, seconds in enumerate((2.0, 2.0, 2.0))]
        samples += [sample("b", seconds, round_number=i) for i, seconds in enumerate((0.1, 3.0, 3.0))]
        self.assertEqual(results.fastest(samples, ["a", "b"]), "a")
        self.assertEqual(results.fastest(samples, ["b"]), "b")


def product(seconds, round_number=0, rows=(48, 32)):
    return {"round": round_number, "rows": list(rows), "seconds": seconds}


class ProductTest(unittest.TestCase):
    def test_best_kernel_of_each_product_ignores_missing_ones(self):
        products = [product({"x": [1.0, 5.0] + [1.0] * 10, "y": [2.0, 2.0] + [None] * 10}, number) for number in range(2)]
        self.assertEqual(results.best_kernels(products), ["x", "y"] + ["x"] * 10)

    def test_best_kernel_over_all_rounds(self):
        products = [product({"x": [1.0] * 12, "y": [2.0] * 12}), product({"x": [4.0] * 12, "y": [2.0] * 12}, 1)]
        self.assertEqual(results.best_kernels(products), ["y"] * 12)

    def test_share_of_the_product_rate(self):
        products = [product({"x": [0.5] * 12}, number) for number in (1, 0)]
        rate = 3 * sum(work.layer_products(CONFIG, 80)) / 6.0
        ((ours, theirs, share),) = results.product_shares(CONFIG, [sample("ours", 2.0)], products)
        self.assertAlmostEqual(theirs, rate / 1e9)
        self.assertAlmostEqual(ours, 3 * (work.flops(CONFIG, [10, 20]) + work.flops(CONFIG, [30])) / 2.0 / 1e9)
        self.assertAlmostEqual(share, ours / theirs)


class TextTest(unittest.TestCase):
    def test_formats_kernels_by_map(self):
        self.assertEqual(results.kernels_text(["a", "b", "c"] * 4), "a/b/c  a/b/c  a/b/c  a/b/c")

    def test_rate_table_has_one_size(self):
        samples = [sample("ours", 1.0), sample("theirs", 2.0), sample("ours", 99.0, size="small")]
        self.assertEqual(results.rate_table(samples, "base", ["ours", "theirs"], "ours").splitlines()[2:],
                         ["ours             60.0       1.00", "theirs           30.0       2.00"])


if __name__ == "__main__":
    unittest.main()
