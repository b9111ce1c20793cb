"""What is known and left out: rules of files, of the program itself, and built-in ones."""

from harness import session
from harness.case import EndToEndTest


class Suppressions(EndToEndTest):
    def leaks(self, victim, *arguments):
        result = self.recorded(self.victim(victim), "scan=1")
        self.assertEqual(result.status, 0, result.describe())
        return session.json_of(["leaks", self.only_session(), *arguments], self.folder)

    @staticmethod
    def functions(document):
        return [leak["frames"][0]["function"] for leak in document["leaks"]]

    @staticmethod
    def rules(document, source):
        return {
            rule["rule"]: rule["hits"]
            for rule in document["suppressions"]
            if rule["source"] == source
        }

    def check_constant_rules(self, victim):
        document = self.leaks(victim)
        self.assertEqual(self.functions(document), ["other_lost"])
        self.assertEqual(
            self.rules(document, "program"), {"leak:known_lost": 1, "leak:never_seen": 0}
        )
        self.assertEqual(document["suppressions_not_used"], [])
        text = session.heapdrift(["leaks", self.only_session()], self.folder).out
        self.assertRegex(text, r"1  leak:known_lost  \(__lsan_default_suppressions of .*:2\)")
        self.assertRegex(text, r"-  leak:never_seen  .* matched nothing")

    def test_rules_of_the_program_are_read(self):
        self.check_constant_rules("own_rules")

    def test_rules_of_a_program_without_optimization_are_read(self):
        self.check_constant_rules("own_rules_unoptimized")

    def test_rules_of_a_program_at_a_fixed_address_are_read(self):
        self.check_constant_rules("own_rules_fixed")

    def test_rules_that_are_computed_are_named_and_not_used(self):
        document = self.leaks("own_rules_computed")
        self.assertEqual(sorted(self.functions(document)), ["known_lost", "other_lost"])
        self.assertEqual(self.rules(document, "program"), {})
        self.assertRegex(document["suppressions_not_used"][0], "__lsan_default_suppressions of")
        text = session.heapdrift(["leaks", self.only_session()], self.folder).out
        self.assertRegex(text, "computes its rules")

    def test_only_the_rules_of_files(self):
        rules = self.folder + "/rules.supp"
        with open(rules, "w") as file:
            file.write("leak:other_lost\n")
        document = self.leaks("own_rules", "--suppressions", rules, "--only-suppressions")
        self.assertEqual(self.functions(document), ["known_lost"])
        self.assertEqual(self.rules(document, "program"), {})

    def test_trend_leaves_known_sites_out_of_its_rows_and_not_of_its_sums(self):
        self.recorded(self.victim("growth leaks_all bounded_queue"), "interval=20")
        whole = session.json_of(["trend", self.only_session()], self.folder)
        rules = self.folder + "/rules.supp"
        with open(rules, "w") as file:
            file.write("leak:^leaks_all$\nleak:not_there\n")
        document = session.json_of(
            ["trend", self.only_session(), "--suppressions", rules], self.folder
        )
        self.assertEqual(document["total"], whole["total"])
        self.assertEqual(document["row_count"], whole["row_count"] - 1)
        functions = [row["frames"][0]["function"] for row in document["rows"]]
        self.assertNotIn("leaks_all", functions)
        self.assertIn("bounded_queue", functions)
        self.assertEqual(
            self.rules(document, "file"), {"leak:^leaks_all$": 1, "leak:not_there": 0}
        )
