"""Text for people: source lines, short names, pager and colours; and info's last line."""

import fcntl
import os
import pty
import struct
import termios

from harness import build, process, session
from harness.case import EndToEndTest

_SOURCE = """#include <stdlib.h>

void *leaves(void) {
\t/* the line before */
    return malloc(1000);
    // the line behind
}
int main(void) { return leaves() == NULL; }
"""


class Manners(EndToEndTest):
    def record(self, arguments, name="F"):
        result = session.heapdrift(
            ["run", "-q", "-o", name, "--", *arguments],
            self.folder,
            environment=self.environment(),
        )
        return os.path.join(self.folder, name), result

    def text_of(self, *arguments, status=0):
        result = session.heapdrift(arguments, self.folder)
        self.assertEqual((result.status, result.err), (status, ""), result.describe())
        return result.out

    def on_terminal(self, arguments, **environment):
        """What the command shows, and its exit code."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 500, 200, 0, 0))
            words = [build.heapdrift(), *arguments]
            os.execve(words[0], words, {**self.environment(), "TERM": "xterm", **environment})
        screen = b""
        while True:
            try:
                screen += os.read(terminal, 65536)
            except OSError:
                break
        os.close(terminal)
        return screen.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Source(Manners):
    def setUp(self):
        super().setUp()
        os.mkdir(os.path.join(self.folder, "src"))
        path = os.path.join(self.folder, "src", "own.c")
        with open(path, "w", encoding="ascii") as file:
            file.write(_SOURCE)
        os.utime(path, (1, 1))
        program = os.path.join(self.folder, "own")
        result = process.run(["gcc", "-g", "-O0", "-o", program, path], self.folder)
        self.assertEqual(result.status, 0, result.describe())
        self.file, _ = self.record([program])

    def test_lines_round_the_innermost_own_frame(self):
        text = self.text_of("report", self.file, "--source")
        self.assertRegex(
            text,
            r"leaves at .*own\.c:5\n"
            r" +3 \| void \*leaves\(void\) \{\n"
            r" +4 \|     /\* the line before \*/\n"
            r" +> +5 \|     return malloc\(1000\);\n"
            r" +6 \|     // the line behind\n"
            r" +7 \| \}\n"
            r" +main at ",
        )
        empty, _ = self.record(["/bin/true"], "E")
        self.assertIn("> ", self.text_of("diff", empty, self.file, "--source", "--top", "0"))
        self.assertNotIn("return malloc", self.text_of("report", self.file))

    def test_files_elsewhere(self):
        os.rename(os.path.join(self.folder, "src"), os.path.join(self.folder, "moved"))
        self.assertIn("No source file", self.text_of("report", self.file, "--source"))
        for place in ("moved", f"{self.folder}/src={self.folder}/moved"):
            text = self.text_of("report", self.file, "--source-path", place)
            self.assertIn("return malloc(1000);", text)
            self.assertNotIn("No source file", text)

    def test_files_that_changed_since(self):
        self.assertNotIn("have changed", self.text_of("report", self.file, "--source"))
        os.utime(os.path.join(self.folder, "src", "own.c"))
        self.assertIn("have changed", self.text_of("report", self.file, "--source"))

    def test_what_does_not_go_together(self):
        for arguments in (
            ["--source", "--format", "json"],
            ["--source", "--group-by", "lineno"],
            ["--source-path", "nosuch"],
        ):
            result = session.heapdrift(["report", self.file, *arguments], self.folder)
            self.assertEqual((result.status, result.out), (2, ""), result.describe())
            self.assertIn("--source", result.err)


class Names(Manners):
    def test_short_in_text_alone(self):
        path, _ = self.record(self.victim("allocators"))
        whole = self.text_of("report", path, "--top", "0", "--frames", "0", "--template", "full")
        short = self.text_of("report", path, "--top", "0", "--frames", "0")
        self.assertIn("std::allocator", whole)
        self.assertLess(len(short), len(whole))
        names = {
            frame["function"]
            for row in self.report(path)["rows"]
            for frame in row["frames"]
            if frame["function"]
        }
        for name in names:
            self.assertIn(name, whole)


class Pager(Manners):
    def setUp(self):
        super().setUp()
        self.file, _ = self.record(self.victim("phases peak"))

    def test_text_on_a_terminal_goes_through_it(self):
        command = ["report", self.file, "--color", "never"]
        plain = self.text_of(*command)
        shown, status = self.on_terminal(command, PAGER="sed s/^/P:/")
        self.assertEqual(status, 0)
        expected = "".join(f"P:{line}\r\n" for line in plain.splitlines())
        self.assertEqual(shown, expected)
        shown, _ = self.on_terminal(command, PAGER="sed s/^/P:/", HEAPDRIFT_PAGER="sed s/^/H:/")
        self.assertTrue(shown.startswith("H:"), shown)

    def test_not_where_it_is_not_wanted(self):
        command = ["report", self.file]
        for arguments, environment in (
            ([*command, "--no-pager"], {"PAGER": "sed s/^/P:/"}),
            (command, {"PAGER": ""}),
            (command, {"PAGER": "sed s/^/P:/", "HEAPDRIFT_PAGER": "cat"}),
            ([*command, "--format", "csv"], {"PAGER": "sed s/^/P:/"}),
            (["export", "-f", "collapsed", self.file], {"PAGER": "sed s/^/P:/"}),
        ):
            with self.subTest((arguments, environment)):
                shown, status = self.on_terminal(arguments, **environment)
                self.assertEqual(status, 0)
                self.assertIn("left_at_end_3x50000", shown)
                self.assertNotIn("P:", shown)

    def test_one_that_does_not_work_costs_nothing(self):
        for pager in ("/no/such/pager", "head -1", "true", "false"):
            shown, status = self.on_terminal(["report", self.file], PAGER=pager)
            self.assertEqual(status, 0, shown)
            if pager.startswith("/no"):
                self.assertIn("left_at_end_3x50000", shown)

    def test_less_gives_short_text_out(self):
        shown, status = self.on_terminal(["info", self.file])
        self.assertEqual(status, 0)
        self.assertIn("Whole", shown)

    def test_run_does_not_stop_in_it(self):
        shown, status = self.on_terminal(
            ["run", "-o", "G", "--", *self.victim("phases peak")], PAGER="sed s/^/P:/"
        )
        self.assertEqual(status, 0)
        self.assertIn("Still live", shown)
        self.assertNotIn("P:", shown)

    def test_colours(self):
        command = ["report", self.file]
        shown, _ = self.on_terminal(command, PAGER="sed s/^/P:/")
        self.assertIn("\x1b[1m", shown)
        shown, _ = self.on_terminal(command, PAGER="cat", NO_COLOR="1")
        self.assertNotIn("\x1b", shown)


class Integrity(Manners):
    def last_line(self, path, status):
        return self.text_of("info", path, status=status).splitlines()[-1]

    def test_whole_and_damaged_files(self):
        path, _ = self.record(self.victim("phases peak"))
        self.assertRegex(self.last_line(path, 0), r"^Whole: [\d,]+ records make sense\. Missing: ")
        with open(path, "rb") as file:
            data = file.read()
        cut = os.path.join(self.folder, "cut")
        with open(cut, "wb") as file:
            file.write(data[: len(data) - 65536])
        self.assertRegex(self.last_line(cut, 1), "^Damaged: ")
        result = session.heapdrift(["info", cut, "--format", "json"], self.folder)
        self.assertEqual(result.status, 1, result.describe())
        found = session.json.loads(result.out)["integrity"]
        self.assertFalse(found["whole"])
        self.assertIn("cut_short", [damage["name"] for damage in found["damages"]])

    def test_names_that_are_not_embedded(self):
        result = session.heapdrift(
            ["run", "-q", "--no-symbols", "-o", "F", "--", *self.victim("phases peak")],
            self.folder,
            environment=self.environment(),
        )
        self.assertEqual(result.status, 0, result.describe())
        self.assertIn("embedded names", self.last_line("F", 0))

    def test_killed_and_running_programs_leave_whole_files(self):
        script = "kill -KILL $$"
        path, _ = self.record(["/bin/bash", "-c", script])
        self.assertRegex(self.last_line(path, 0), "^Whole: ")
        path, result = self.record(
            ["/bin/sh", "-c", f"'{build.heapdrift()}' info --no-symbols $$ | tail -1"], "G"
        )
        self.assertRegex(result.out, "^Whole so far: ")
