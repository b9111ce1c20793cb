"""heapdrift.h: questions about growth, and what is not to be reported."""

from harness.case import EndToEndTest


class Marks(EndToEndTest):
    def test_growth_since_a_mark_is_exact(self):
        self.check_victim("marks")
        self.assertEqual(self.recorded(self.victim("marks present")).status, 0)

    def test_objects_end_marks_and_scopes(self):
        self.check_victim("marks_objects")
        self.assertEqual(self.recorded(self.victim("marks_objects present")).status, 0)

    def test_without_the_recorder_all_is_unknown(self):
        self.assertEqual(self.plain(self.victim("marks present")).status, 99)

    def test_growth_is_not_known_of_samples(self):
        result = self.recorded(self.victim("marks sampled"), "sample=65536")
        self.assertEqual(result.status, 0, result.describe())
