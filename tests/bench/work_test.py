#!/usr/bin/env python3
"""Compares work.py with sums made by hand."""

import unittest

import work

BASE = {"embedding_size": 128, "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
        "id2label": {str(i): "" for i in range(4)}}


class WorkTest(unittest.TestCase):
    def test_layer_before_the_last(self):
        deeper = {**BASE, "num_hidden_layers": 13}
        layer = work.products(deeper, 10, 1) - work.products(BASE, 10, 1)
        self.assertEqual(layer, 2 * 10 * (768 * 2304 + 768 * 768 + 2 * 768 * 3072))
        self.assertEqual(layer, sum(work.layer_products(BASE, 10)))

    def test_the_last_layer_computes_one_row_per_text_except_keys_and_values(self):
        shallow = {**BASE, "num_hidden_layers": 1}
        last = 10 * 2 * 768 * 768 + 3 * (2 * 768 * 768 + 2 * 768 * 3072)
        around = 10 * 128 * 768 + 3 * (768 * 768 + 768 * 4)
        self.assertEqual(work.products(shallow, 10, 3), 2 * (last + around))

    def test_attention_grows_with_the_square_of_each_text(self):
        self.assertEqual(work.attention(BASE, [10, 20]), 4 * 768 * (11 * (100 + 400) + 10 + 20))

    def test_flops_adds_products_and_attention(self):
        self.assertEqual(work.flops(BASE, [10, 20]), work.products(BASE, 30, 2) + work.attention(BASE, [10, 20]))

    def test_training_needs_three_times_the_flops(self):
        self.assertEqual(work.training_flops(BASE, [10, 20]), 3 * work.products(BASE, 30, 2) + 3 * work.attention(BASE, [10, 20]))


if __name__ == "__main__":
    unittest.main()
