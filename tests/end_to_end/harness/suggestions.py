"""What heapdrift suggest says of a victim that was just recorded."""

import os

from . import session


class SuggestionTest:
    """Beside a class of EndToEndTest. Its `program` does what its argument names."""

    program = None

    def suggestions(self, victim, *arguments, options="interval=20"):
        result = self.recorded(self.victim(victim), options)
        self.assertEqual(result.status, 0, result.describe())
        return session.json_of(["suggest", self.only_session(), *arguments], self.folder)

    def judged(self, rule, victim, *arguments):
        """Recorded anew where the machine was too busy for enough snapshots."""
        for _ in range(4):
            for path in session.sessions_in(self.folder):
                os.remove(path)
            document = self.suggestions(victim, *arguments)
            if rule not in [entry["rule"] for entry in document["not_judged"]]:
                return document
        self.fail(f"{rule} was never judged: {document['not_judged']}")

    def assert_suggests(self, rule, kind):
        document = self.judged(rule, f"{self.program} {kind}")
        found = {entry["rule"]: entry for entry in document["suggestions"]}
        self.assertIn(rule, found, document)
        if found[rule]["site"] is not None:
            functions = [frame["function"] for frame in found[rule]["frames"]]
            self.assertIn(kind, functions)
        return found

    def assert_silent(self, rule, kind):
        document = self.judged(rule, f"{self.program} {kind}")
        self.assertNotIn(rule, [entry["rule"] for entry in document["suggestions"]])
        return document

    @staticmethod
    def quantity(entry, name):
        return next(item["value"] for item in entry["evidence"] if item["name"] == name)
