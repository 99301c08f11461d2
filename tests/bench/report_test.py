#!/usr/bin/env python3
"""Tests report.py."""

import contextlib
import io
import json
import pathlib
import tempfile
import unittest

import report


class SummaryTest(unittest.TestCase):
    def test_median_and_quartiles(self):
        self.assertEqual(report.summary([5, 1, 4, 2, 3]), {"median": 3, "q1": 2, "q3": 4, "count": 5})

    def test_one_value_has_no_spread(self):
        self.assertEqual(report.summary([7.5]), {"median": 7.5, "q1": 7.5, "q3": 7.5, "count": 1})
        self.assertEqual(report.spread([7.5]), "7.50")

    def test_spread_shows_the_quartiles(self):
        self.assertEqual(report.spread([1.0, 2.0, 3.0, 4.0, 5.0]), "3.00 (2.00-4.00)")

    def test_numbers_keep_three_digits(self):
        texts = [report.number(value) for value in (0, 0.1234, 0.97, 1.234, 12.34, 123.4, 12345.6, -2.5)]
        self.assertEqual(texts, ["0", "0.123", "0.970", "1.23", "12.3", "123", "12346", "-2.50"])


class RatioTest(unittest.TestCase):
    def test_pairs_common_rounds_only(self):
        self.assertEqual(report.paired_ratios({2: 6.0, 0: 3.0, 1: 4.0}, {0: 2.0, 2: 3.0, 5: 1.0}), [1.5, 2.0])


class GoalTest(unittest.TestCase):
    def test_at_least(self):
        self.assertTrue(report.goal("rate", 1.2, 1.2)["met"])
        self.assertFalse(report.goal("rate", 1.1999, 1.2)["met"])

    def test_at_most(self):
        self.assertTrue(report.goal("delay", 0.5, 0.5, at_most=True)["met"])
        self.assertFalse(report.goal("delay", 0.51, 0.5, at_most=True)["met"])

    def test_not_applicable_is_neither_met_nor_missed(self):
        one = report.goal_not_applicable("bf16", 0.75, "no bf16 here")
        self.assertIsNone(one["met"])
        self.assertIsNone(one["value"])

    def test_shows_a_value_just_short_of_its_goal(self):
        self.assertIn("1.196", report.goals_table([report.goal("rate", 1.196, 1.2)]))

    def test_a_missed_goal_is_not_met(self):
        one = report.goal_missed("bf16", 0.75, "it crashed")
        self.assertIs(one["met"], False)
        self.assertTrue(report.goals_table([one]).endswith("NOT MET: it crashed"))

    def test_the_table_marks_goals_that_are_not_met(self):
        lines = report.goals_table([report.goal("a", 2.0, 1.0), report.goal("b", 0.5, 1.0),
                                    report.goal("c", 3.0, 1.0, at_most=True),
                                    report.goal_not_applicable("d", 1.0, "because")]).splitlines()[2:]
        self.assertEqual([line.split()[0] for line in lines], ["a", "b", "c", "d"])
        self.assertNotIn("NOT MET", lines[0])
        self.assertTrue(lines[1].endswith("NOT MET"))
        self.assertIn("≤ 1.00", lines[2])
        self.assertTrue(lines[2].endswith("NOT MET"))
        self.assertTrue(lines[3].endswith("not applicable: because"))


class TableTest(unittest.TestCase):
    def test_columns_are_as_wide_as_needed(self):
        self.assertEqual(report.table(["what", "rate"], [["a long name", 1], ["b", 1000]]).splitlines(),
                         ["what         rate", "-----------------", "a long name     1", "b            1000"])


class MachineTest(unittest.TestCase):
    def test_describes_the_machine(self):
        machine = report.machine()
        self.assertTrue(machine["processor"])
        self.assertGreaterEqual(machine["cpus"], 1)
        self.assertLessEqual(set(machine["flags"]), set(report.FLAGS))

    def test_native_bf16(self):
        self.assertTrue(report.has_native_bf16({"flags": ["AVX2", "AVX-512 BF16"]}))
        self.assertFalse(report.has_native_bf16({"flags": ["AVX2", "AVX-512 VNNI"]}))


class WriteTest(unittest.TestCase):
    def test_writes_every_sample_and_goal(self):
        samples = [{"what": "ours", "seconds": 1.5}, {"what": "theirs", "seconds": 2.0}]
        goals = [report.goal("a", 2.0, 1.0)]
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as printed:
            report.write("engine", samples=samples, goals=goals, machine={"cpus": 2}, folder=folder, quick=True)
            self.assertEqual([path.name for path in pathlib.Path(folder).iterdir()], ["engine.json"])
            written = json.loads(pathlib.Path(folder, "engine.json").read_text(encoding="utf-8"))
        self.assertEqual(written["samples"], samples)
        self.assertEqual(written["goals"], goals)
        self.assertTrue(written["quick"])
        self.assertEqual(written["machine"], {"cpus": 2})
        self.assertIn("met", printed.getvalue())


if __name__ == "__main__":
    unittest.main()
