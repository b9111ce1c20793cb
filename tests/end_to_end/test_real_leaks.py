"""Programs of Debian that keep what they allocate: a diff of two snapshots puts it first, and so do
their leaks.

Between the snapshots each does the same thing some thousand times, in parts with pauses, during
which the schedule goes on. What grows is known from the programs' sources; the functions asserted
are those that Debian's stripped binaries still name.
"""

import os
import shutil
import socket
import subprocess
import time

from harness import process, session
from harness.case import EndToEndTest

# Repeats its last argument's code as often as each line on stdin says, and answers.
_DRIVER = """
import sys
before, each = sys.argv[1:]
names = {}
exec(before, names)
each = compile(each, "each", "exec")
number = 0
for line in sys.stdin:
    for _ in range(int(line)):
        number += 1
        names["number"] = number
        exec(each, names)
    print("done", flush=True)
"""
WARM = 500
MORE = 3000
PARTS = 40
PAUSE_SECONDS = 0.03


class RealLeaks(EndToEndTest):
    def start(self, arguments, output, environment=None):
        child = subprocess.Popen(
            self.launch_arguments(arguments, output=output),
            cwd=self.folder,
            env={**self.environment(), **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.addCleanup(self.sweep, child)
        return child

    @staticmethod
    def sweep(child):
        process.kill_group(child)
        child.wait()
        child.stdin.close()
        child.stdout.close()

    def snapshot(self, child, label):
        result = session.heapdrift(["snapshot", str(child.pid), "--label", label], self.folder)
        self.assertEqual(result.status, 0, result.describe())

    def check_growth(self, path, functions, modules=(), count=MORE):
        """The first row grew by one block for each repetition, and its stack names these."""
        document = session.diff(f"{path}@before", f"{path}@after", self.folder)
        self.assert_nothing_lost(self.report(path))
        row = document["rows"][0]
        shown = session.stack_text(row)
        self.check_stack(row, functions, modules)
        self.assertGreater(row["live_bytes_delta"], 0, shown)
        self.assertAlmostEqual(row["live_allocations_delta"], count, delta=count * 0.01, msg=shown)
        return row

    def check_stack(self, row, functions, modules):
        shown = session.stack_text(row)
        names = [frame["function"] for frame in row["frames"]]
        for function in functions:
            self.assertIn(function, names, shown)
        for module in modules:
            self.assertTrue(
                any(module in (frame["module"] or "") for frame in row["frames"]), shown
            )

    def check_leak(self, path, functions, modules):
        """The surest leak has these on its stack."""
        self.check_stack(self.leaks_of(path)[0], functions, modules)

    def leaks_of(self, path):
        document = session.json_of(["leaks", path, "--min-score", "0.5"], self.folder)
        self.assertGreaterEqual(document["snapshots_judged"], 24, "the machine was too busy")
        self.assertTrue(document["leaks"], f"none is found: {path}")
        return document["leaks"]

    def repeat_in_python(self, before, each):
        """A session of Debian's python3, with a snapshot before and one after."""
        path = os.path.join(self.folder, "python3.heapdrift")
        command = ["/usr/bin/python3", "-c", _DRIVER, before, each]
        child = self.start(command, path, {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"})

        def repeat(count):
            child.stdin.write(f"{count}\n".encode())
            child.stdin.flush()
            self.assertEqual(child.stdout.readline(), b"done\n")

        repeat(WARM)
        self.snapshot(child, "before")
        for _ in range(PARTS):
            repeat(MORE // PARTS)
            time.sleep(PAUSE_SECONDS)
        self.snapshot(child, "after")
        child.stdin.close()
        self.assertEqual(child.wait(process.HANG_SECONDS), 0)
        return path

    def test_ctypes_pointer_types(self):
        # ctypes keeps each pointer type for ever. PyCPointerType_new, which makes them, is static
        # and without a name in Debian's _ctypes; the type object comes from PyType_GenericAlloc.
        path = self.repeat_in_python("import ctypes", 'ctypes.POINTER(f"name{number}")')
        self.check_leak(path, [], ["_ctypes"])
        row = self.check_growth(path, ["PyType_GenericAlloc"], ["_ctypes"])
        self.assertEqual(row["frames"][0]["function"], "PyType_GenericAlloc")

    def test_setenv(self):
        # setenv keeps each value that a variable ever had, because the program may still hold it.
        path = self.repeat_in_python("import os", 'os.putenv("GROWING", f"value {number:040}")')
        self.check_leak(path, ["__add_to_environ"], ["libc.so.6"])
        row = self.check_growth(path, [], ["libc.so.6"])
        self.assertIn("libc.so.6", row["frames"][0]["module"])
        # The function's own name is in libc6-dbg.
        self.assertEqual(row["frames"][0]["function"], "__add_to_environ")

    def test_glib_quarks(self):
        # A quark's string is kept for ever, copied into blocks of 4 KiB less one pointer.
        before = "import ctypes; glib = ctypes.CDLL('libglib-2.0.so.0')"
        path = self.repeat_in_python(before, 'glib.g_quark_from_string(b"%01022d" % number)')
        self.check_leak(path, ["g_quark_from_string"], ["libglib"])
        self.check_growth(path, ["g_malloc", "g_quark_from_string"], ["libglib"], MORE / 3)

    def test_redis_scripts(self):
        # Redis keeps each script that EVAL ever ran. Which of the blocks of a script is greatest
        # is up to Lua, whose functions have no names in Debian's binary.
        for program in ("redis-server", "redis-cli"):
            self.assertIsNotNone(shutil.which(program), f"{program} is not installed")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        path = os.path.join(self.folder, "redis.heapdrift")
        words = ["redis-server", "--bind", "127.0.0.1", "--port", port, "--save", ""]
        child = self.start(words, path)
        client = ["redis-cli", "-h", "127.0.0.1", "-p", port]

        def repeat(numbers):
            script = "".join(f'EVAL "return {number}" 0\n' for number in numbers)
            result = process.run(client, self.folder, stdin=script.encode())
            self.assertEqual(result.out.split(), [str(number) for number in numbers])

        deadline = time.monotonic() + process.HANG_SECONDS
        while process.run([*client, "ping"], self.folder).out != "PONG\n":
            self.assertLess(time.monotonic(), deadline, "redis-server does not answer")
            time.sleep(0.05)
        repeat(range(WARM))
        self.snapshot(child, "before")
        for first in range(WARM, WARM + MORE, MORE // PARTS):
            repeat(range(first, first + MORE // PARTS))
            time.sleep(PAUSE_SECONDS)
        self.snapshot(child, "after")
        process.run([*client, "shutdown", "nosave"], self.folder)
        self.assertEqual(child.wait(process.HANG_SECONDS), 0)
        self.check_growth(path, ["luaCreateFunction", "evalGenericCommand"])
        # Of each script its text is kept too, from where it was read.
        leaks = self.leaks_of(path)
        for leak in leaks:
            names = {frame["function"] for frame in leak["frames"]}
            self.assertTrue(names & {"evalGenericCommand", "processMultibulkBuffer"}, leak)
        stacks = [session.stack_text(leak) for leak in leaks]
        self.assertTrue(any("luaCreateFunction" in stack for stack in stacks), stacks)
