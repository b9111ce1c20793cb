"""Interpreters and shells."""

import os
import re

from support.comparison import ComparedTest

PYTHON = "/usr/bin/python3"
PYTHON_TESTS = ("test_dict", "test_list", "test_re", "test_zlib", "test_ctypes", "test_generators")
_PERL = """
my (%words, @lines);
for my $i (1 .. 20000) { $words{"w" . $i % 997} .= $i; push @lines, "line $i" if $i % 3; }
@lines = sort { $b cmp $a } @lines;
my $text = join("\\n", @lines);
my $count = () = $text =~ /line (\\d+)7/g;
undef %words;
print scalar(@lines), " $count\\n";
eval { die { code => 7 } }; exit $@->{code};
"""
_NODE = """
const values = new Map();
for (let i = 0; i < 20000; i++) values.set('k' + i, { i, text: 'x'.repeat(i % 50) });
const text = JSON.stringify([...values]);
const crypto = require('crypto'), zlib = require('zlib');
const packed = zlib.gzipSync(text);
console.log(text.length, crypto.createHash('sha256').update(text).digest('hex'));
console.log(zlib.gunzipSync(packed).toString() === text);
require('fs').promises.readFile(process.execPath, { encoding: 'latin1' })
  .then(content => { console.log(content.length > 0); process.exitCode = 5; });
"""
_BASH = """
count=0
for i in {1..60}; do
    count=$((count + $(printf '%s\\n' "$i" a b | sort | wc -l)))
    (exit $((i % 3))) || count=$((count + 1))
done
while read -r word; do words+=("$word"); done < <(seq 1 500)
echo "$count ${#words[@]} ${words[*]: -1}"
trap 'echo bye' EXIT
exit 3
"""


def without_times(text):
    return re.sub(r"in (\d+ ms|[\d.]+ (sec|s)|[\d.]+s)|\d+:\d+:\d+|load avg: [\d.]+", "", text)


class Interpreters(ComparedTest):
    def test_python(self):
        self.need(PYTHON)
        run = self.check_program(
            "python3",
            [PYTHON, "-m", "unittest", "-q", *(f"test.{name}" for name in PYTHON_TESTS)],
            environment={"PYTHONMALLOC": "malloc"},
            timeout=60,
            clean=without_times,
            options=["--no-symbols"],
        )
        self.assertRegex(run.result.err, r"Ran \d{3,} tests")
        self.assert_named(self.session_path(), "_PyEval_EvalFrameDefault", "Py_BytesMain")

    def test_python_children(self):
        self.need(PYTHON)
        script = (
            "import multiprocessing as m, subprocess, sys\n"
            "if __name__ == '__main__':\n"
            "    with m.get_context('fork').Pool(3) as pool:\n"
            "        print(sum(pool.map(abs, range(-999, 999))))\n"
            "    print(subprocess.run([sys.executable, '-c', 'exit(4)']).returncode)\n"
        )
        self.check_program(
            "python3 with children",
            [PYTHON, "children.py"],
            lambda work: write(os.path.join(work, "children.py"), script),
        )

    def test_python_by_stack(self):
        self.need(PYTHON)
        script = (
            "import json, re, collections, sqlite3\n"
            "text = json.dumps([{str(i): [i, i / 7]} for i in range(3000)])\n"
            "print(len(json.loads(text)), len(re.findall(r'\\d+', text)))\n"
            "base = sqlite3.connect(':memory:')\n"
            "base.execute('create table t(a, b)')\n"
            "base.executemany('insert into t values (?, ?)', [(i, str(i)) for i in range(500)])\n"
            "print(base.execute('select sum(a) from t').fetchall())\n"
        )
        self.check_against_heaptrack(
            "python3", [PYTHON, "-c", script], environment={"PYTHONMALLOC": "malloc"}
        )

    def test_perl(self):
        self.need("perl")
        self.check_program("perl", ["perl", "-we", _PERL], expect_status=7)
        self.assert_named(self.session_path(), "Perl_runops_standard")

    def test_perl_by_stack(self):
        self.need("perl")
        self.check_against_heaptrack("perl", ["perl", "-we", _PERL])

    def test_node(self):
        self.need("node")
        # V8's own functions have no unwind tables, and what it compiles has no module.
        self.may_end_at = r"^Builtins_|^$"
        self.check_program("node", ["node", "-e", _NODE], expect_status=5)
        self.assert_named(self.session_path(), "node::Start(int, char**)")

    def test_bash(self):
        self.need("bash")
        self.check_program("bash", ["bash", "-c", _BASH], expect_status=3, options=["--no-symbols"])

    def test_bash_by_stack(self):
        self.need("bash")
        script = "x=; for i in {1..2000}; do x=$x$i; a[i]=$i; done; echo ${#x} ${#a[@]}"
        # Bash has an unsetenv of its own, which heaptrack calls in vain.
        self.check_against_heaptrack("bash", ["bash", "-c", script], padded=False)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
