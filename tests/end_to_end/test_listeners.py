"""The listeners for GoogleTest and Catch2 fail the test cases whose own allocations leak."""

import re

from harness.case import EndToEndTest


class Listeners(EndToEndTest):
    def check(self, name, failed, expected):
        plain = self.plain(self.victim(name))
        self.assertEqual(plain.status, 0, "without the recorder nothing is checked")
        result = self.recorded(self.victim(name))
        self.assertNotEqual(result.status, 0, result.describe())
        self.assertEqual(sorted(set(re.findall(failed, result.out))), expected, result.out)
        self.assertRegex(
            result.out,
            r"130 bytes in 2 blocks that this test allocated are still live:\s+123 bytes in 1 block, "
            r"allocated by\s+lose_two_blocks in ",
        )
        self.assertRegex(result.out, r"7 bytes in 1 block, allocated by\s+lose_two_blocks in ")
        return result

    def test_gtest(self):
        result = self.check(
            "listener_gtest", r"\[  FAILED  \] Store\.(\w+)", ["leaks", "leaks_by_many_stacks"]
        )
        self.assertIn("4800 bytes in 300 blocks", result.out)
        self.assertIn("and by 292 more call stacks", result.out)

    def test_catch2(self):
        self.check(
            "listener_catch2", r"(?m)^-{79}\n(\w+)\n-{79}\n", ["leaks", "leaks_in_a_section"]
        )
