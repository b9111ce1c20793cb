"""Java, a browser, and more of python3's own tests."""

import os
import re
import shutil
import tempfile

from support.case import ProgramTest

_JAVA = """
import java.util.*;
import java.util.concurrent.*;
import java.util.zip.*;

public class Sample {
    public static void main(String[] arguments) throws Exception {
        ExecutorService workers = Executors.newFixedThreadPool(4);
        List<Future<Integer>> sums = new ArrayList<>();
        for (int task = 0; task < 16; ++task) {
            final int seed = task;
            sums.add(workers.submit(() -> {
                Map<String, Integer> values = new TreeMap<>();
                for (int i = 0; i < 20000; ++i) values.put("k" + (i * 31 + seed) % 5000, i);
                Deflater deflater = new Deflater();
                deflater.setInput(values.toString().getBytes("UTF-8"));
                deflater.finish();
                int size = deflater.deflate(new byte[1 << 20]);
                deflater.end();
                return size;
            }));
        }
        long total = 0;
        for (Future<Integer> sum : sums) total += sum.get();
        workers.shutdown();
        System.out.println(total);
        System.exit(6);
    }
}
"""
_PAGE = """
<!doctype html><title>page</title><div id="list"></div><script>
for (let i = 0; i < 300; i++) {
    const item = document.createElement('p');
    item.textContent = 'item ' + i * i;
    document.getElementById('list').append(item);
}
</script>
"""
_PYTHON_TESTS = (
    "test_set test_bytes test_json test_unicode test_threading test_subprocess test_posix test_os"
    " test_gc test_import test_pickle test_re test_io"
).split()
# They ask which descriptors a new process has; the recorder's is one more.
_PYTHON_IGNORED = ("test_close_fds_when_max_fd_is_lowered", "test_pass_fds_redirected")


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Runtimes(ProgramTest):
    def test_java(self):
        java = self.want("java")
        self.want("javac")

        def prepare(work):
            write(os.path.join(work, "Sample.java"), _JAVA)
            compiled = self.timed(["javac", "Sample.java"], timeout=120)
            self.assertEqual(compiled.result.status, 0, compiled.result.describe())

        # What HotSpot compiles, its interpreter and its stubs have no unwind tables.
        self.may_end_at = r"^$"
        self.check_program(
            "java", [java, "-Xmx256m", "Sample"], prepare, expect_status=6, timeout=120
        )
        self.assert_named(self.session_path(), "JavaMain")

    def test_chromium(self):
        chromium = self.want("chromium")

        def prepare(work):
            write(os.path.join(work, "page.html"), _PAGE)

        # The profile holds a socket, whose path may not be long.
        short = tempfile.mkdtemp(prefix="chromium-")
        self.addCleanup(shutil.rmtree, short, ignore_errors=True)
        environment = {"TMPDIR": short}
        page = f"file://{os.path.join(self.folder, 'work', 'page.html')}"
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        options += [f"--user-data-dir={short}/profile", "--no-first-run"]
        words = [chromium, *options, "--dump-dom", page]
        self.fresh_folder(prepare)
        first = self.timed(words, environment, timeout=120)
        if first.result.status != 0 or "item 100" not in first.result.out:
            self.skipTest(f"chromium does not run here: {first.result.describe()}")
        # Its allocator, PartitionAlloc, is inside the executable, so that only its mappings are
        # recorded, which heapdrift says.
        self.own_malloc = True
        # It is built without unwind tables.
        self.may_end_at = r"/chromium(/|$)|chrome_crashpad_handler|^$"
        run = self.check_program(
            "chromium",
            words,
            prepare,
            environment,
            timeout=120,
            clean=lambda text: "item 89401" in text,
        )
        self.assertIn("brings its own malloc", run.result.err)

    def test_python(self):
        python = self.need("/usr/bin/python3")

        def clean(text):
            return re.findall(r"Tests result: \w+|All \d+ tests OK|== Tests", text)

        ignored = [word for name in _PYTHON_IGNORED for word in ("-i", name)]
        self.check_program(
            "python3's tests",
            [python, "-m", "test", "-u", "none", *ignored, *_PYTHON_TESTS],
            environment={"PYTHONMALLOC": "malloc"},
            options=["--no-symbols"],
            timeout=500,
            clean=clean,
        )
