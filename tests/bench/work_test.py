#!/usr/bin/env python3
"""What work.py counts, against sums by hand."""

import unittest

import work

BASE = {"embedding_size": 128, "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
        "id2label": {str(i): "" for i in range(4)}}


class WorkTest(unittest.TestCase):
    def test_every_layer_but_the_last_is_170_megaflops_a_token(self):
        deeper = {**BASE, "num_hidden_layers": 13}
        a_layer = work.products(deeper, 10, 1) - work.products(BASE, 10, 1)
        self.assertEqual(a_layer, 2 * 10 * (768 * 2304 + 768 * 768 + 2 * 768 * 3072))
        self.assertEqual(a_layer, sum(work.one_layers_products(BASE, 10)))

    def test_the_last_layer_is_keys_and_values_and_one_row_a_text(self):
        shallow = {**BASE, "num_hidden_layers": 1}
        last = 10 * 2 * 768 * 768 + 3 * (2 * 768 * 768 + 2 * 768 * 3072)
        around = 10 * 128 * 768 + 3 * (768 * 768 + 768 * 4)
        self.assertEqual(work.products(shallow, 10, 3), 2 * (last + around))

    def test_attention_grows_with_the_square_of_each_text(self):
        self.assertEqual(work.attention(BASE, [10, 20]), 4 * 768 * (11 * (100 + 400) + 10 + 20))

    def test_all_of_it(self):
        self.assertEqual(work.flops(BASE, [10, 20]), work.products(BASE, 30, 2) + work.attention(BASE, [10, 20]))

    def test_learning_multiplies_three_times(self):
        self.assertEqual(work.training_flops(BASE, [10, 20]), 3 * work.products(BASE, 30, 2) + 3 * work.attention(BASE, [10, 20]))


if __name__ == "__main__":
    unittest.main()
