#!/usr/bin/python3
"""What becomes of rounds: kept, added to, and told with their times."""

import json
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

import figures  # noqa: E402
import kept_results  # noqa: E402
import report  # noqa: E402
import rounds  # noqa: E402
from built import Built  # noqa: E402
from configurations import Configuration  # noqa: E402
from workloads import micro  # noqa: E402
from workloads.case import Case  # noqa: E402

_PLAIN = Configuration("plain", "nothing preloaded")
_SLOW = Configuration("slow", "a peer that runs once", every=1000)


class Counting(Case):
    """Takes as many seconds as the number of the round."""

    def run(self, configuration, folder, number):
        return {"wall": float(number)}


def document_of(cases, built="one"):
    machine = {"processor": "p", "kernel": "k"}
    return {"machine": machine, "built": built, "scale": 1, "cases": cases}


class Results(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.built = Built(self.folder)

    def measured(self, kept, name, count, span):
        first = kept_results.next_round(kept, name)
        numbers = range(first, first + count)
        rows = rounds.run_case(Counting(name, self.built), [_PLAIN, _SLOW], numbers, self.folder)
        return {"name": name, "spans": [span], "rows": rows}

    def test_rounds_are_added_to_those_of_the_case(self):
        first = [self.measured({}, name, 2, ["a", "b"]) for name in ("micro.one", "micro.two")]
        kept_results.write(self.folder, document_of(first))
        kept = kept_results.read(self.folder, document_of([]))
        more = self.measured(kept, "micro.two", 3, ["c", "d"])
        cases = kept_results.joined(kept, [more], ["micro.one", "micro.two"])
        results = figures.Results(document_of(cases))
        self.assertEqual(results.get("micro.one").values("plain", "wall"), [0, 1])
        self.assertEqual(results.get("micro.two").values("plain", "wall"), [0, 1, 2, 3, 4])
        # The slow one had its round.
        self.assertEqual(results.get("micro.two").values("slow", "wall"), [0])
        self.assertEqual(cases[1]["spans"], [["a", "b"], ["c", "d"]])

    def test_no_round_is_added_to_those_of_another_build(self):
        kept_results.write(self.folder, document_of([], built="two"))
        with self.assertRaisesRegex(kept_results.Unfit, "another built"):
            kept_results.read(self.folder, document_of([]))

    def test_a_damaged_file_of_results_is_named(self):
        path = os.path.join(self.folder, "results.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write("{")
        with self.assertRaisesRegex(kept_results.Unfit, path):
            kept_results.read(self.folder, document_of([]))

    def test_times_of_rounds_added_later_are_told_apart(self):
        def at(minute):
            return f"2026-01-02 03:{minute:02} UTC"

        cases = [
            {"name": "one", "rows": [], "spans": [[at(0), at(4)], [at(30), at(31)]]},
            {"name": "two", "rows": [], "spans": [[at(4), at(9)]]},
        ]
        self.assertEqual(report.times(cases), f"{at(0)} to {at(9)}, {at(30)} to {at(31)}")

    def test_the_shortest_pass_of_a_run_counts(self):
        case = micro.cases(self.built, 1)[0]
        passes = [{"pairs": 10, "wall_ns": wall, "cpu_ns": cpu} for wall, cpu in ((9, 8), (6, 5), (7, 6))]
        output = b"a peer's line\n" + b"\n".join(json.dumps(line).encode() for line in passes)
        said = case.figures_of(output)
        self.assertEqual((said["ns_per_pair"], said["wall"]), (0.5, 6e-9))


if __name__ == "__main__":
    unittest.main()
