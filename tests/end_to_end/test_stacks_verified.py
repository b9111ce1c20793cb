"""Every stack that the recorder finds is libunwind's: the option verify= compares them.

The recorder finds most stacks by what they have in common with the one before (fast), so that a
mistake shows only where stacks change as those of real programs do.
"""

import os
import shutil

from harness import session
from harness.case import EndToEndTest
from test_recording import VICTIMS

HANG_SECONDS = 240
COMPARED = 1_000_000
FAST_SHARE = 0.99
# libunwind may give up further in than the recorder does: nothing is known of the rest then.
UNKNOWN_SHARE = 0.001
# It looks whether memory is readable through a pipe, and here no descriptor is left for one.
UNKNOWN_TO_LIBUNWIND = {"descriptors nofile"}
# Its stacks are as deep as they may be, so that comparing all takes minutes.
STEPS = {"odd_stacks stack_overflow": 100}
# A victim's own check has failed (tests/victims/truth.h).
BROKEN = 99

_PYTHON = """
import collections, json, re
rows = [{"id": i, "name": f"name {i}", "tags": [str(j) for j in range(i % 7)]} for i in range(8000)]
text = json.dumps(rows)
words = collections.Counter(re.findall(r"[a-z]+ \\d+", text))
groups = collections.defaultdict(list)
for row in json.loads(text):
    groups[len(row["tags"]), row["id"] % 13].append(tuple(row["tags"]) + (row["name"],))
print(len(words), len(sorted(",".join(item) for group in groups.values() for item in group)))
"""
_SOURCE = """
#include <map>
#include <regex>
#include <string>
int main(int, char** words) {
    std::map<std::string, int> counts;
    return ++counts[*words] + std::regex_search(*words, std::regex("a+b"));
}
"""
_PERL = """
my (%words, @lines);
for my $i (1 .. 150000) { $words{"w" . $i % 997} .= $i; push @lines, "line $i" if $i % 3; }
@lines = sort { $b cmp $a } @lines;
my $count = () = join("\\n", @lines) =~ /line (\\d+)7/g;
for my $i (1 .. 60000) {
    eval { die { code => $i } if $i % 5 == 0; my @parts = map { "$_ $i" } 1 .. 3; };
}
print scalar(@lines), " $count\\n";
"""
_NODE = """
const values = new Map();
for (let i = 0; i < 20000; i++) values.set('k' + i, { i, text: 'x'.repeat(i % 50) });
const text = JSON.stringify([...values]), zlib = require('zlib');
console.log(zlib.gunzipSync(zlib.gzipSync(text)).toString() === text);
"""
_JAVA = """
import java.util.*;
import java.util.zip.*;
public class Sample {
    public static void main(String[] arguments) throws Exception {
        Map<String, Integer> values = new TreeMap<>();
        for (int i = 0; i < 200000; ++i) values.put("k" + i % 5000, i);
        Deflater deflater = new Deflater();
        deflater.setInput(values.toString().getBytes("UTF-8"));
        deflater.finish();
        System.out.println(deflater.deflate(new byte[1 << 20]));
    }
}
"""
_GIT = """
set -e
git init -q -b main work && cd work && git config user.name A && git config user.email a@example.com
for i in $(seq 12); do
    for f in a b c d; do seq $i $((i * 90)) >$f.txt; done
    git add . && git commit -q -m "change $i"
done
git log -p --stat >log && git gc -q && git blame a.txt >blame && git diff HEAD~9 >diff
"""
_SQL = """
create table entries(id integer primary key, name text, amount real);
with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 60000)
insert into entries select n, 'name ' || (n * 7919 % 60000), n / 3.0 from numbers;
create index by_name on entries(name);
select count(*) from entries a join entries b on a.name = b.name where a.id % 7 = 0;
select name, count(*) from entries group by substr(name, 6, 3) order by 2 desc, 1 limit 5;
update entries set name = upper(name) where id % 5 = 0;
select length(group_concat(name)) from entries;
"""


class Verified:
    def __init__(self):
        self.same = self.different = self.unknown = self.fast = 0

    def add(self, stacks):
        self.same += stacks["same"]
        self.different += stacks["different"]
        self.unknown += stacks["unknown"]
        self.fast += stacks["fast"]

    def compared(self):
        return self.same + self.different + self.unknown

    def __str__(self):
        return (
            f"{self.compared()} stacks compared, {self.different} different,"
            f" {self.unknown} unknown, {self.fast} fast"
        )


class StacksVerified(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.total = Verified()

    def verify(self, name, arguments, step=1, stdin=b"", environment=None):
        """Of all the processes that the program starts, each step-th stack."""
        folder = os.path.join(self.folder, name)
        os.makedirs(folder)
        result = self.recorded(
            arguments,
            f"verify={step}:min_descendant=0",
            output=os.path.join(folder, "%e.%p.heapdrift"),
            environment=environment,
            stdin=stdin,
            timeout=HANG_SECONDS,
        )
        self.assertNotIn("heapdrift:", result.err, result.describe())
        verified = Verified()
        for path in session.sessions_in(folder):
            info = session.json_of(["info", path, "--no-symbols"], self.folder)
            verified.add(info["verified_stacks"])
        print(f"{name}: {verified}")
        self.total.add(vars(verified))
        self.assertEqual(verified.different, 0, f"{name}: {verified}\n{result.describe()}")
        return result, verified

    def written(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def assert_few_unknown(self, verified):
        self.assertLessEqual(verified.unknown, UNKNOWN_SHARE * verified.compared(), f"{verified}")

    def verify_program(self, name, arguments, **options):
        with self.subTest(program=name):
            if shutil.which(arguments[0]) is None:
                self.skipTest(f"{arguments[0]} is not installed")
            result, verified = self.verify(name, arguments, **options)
            self.assertEqual(result.status, 0, result.describe())
            self.assert_few_unknown(verified)

    def test_victims(self):
        for name, command in VICTIMS.items():
            with self.subTest(victim=command):
                result, verified = self.verify(
                    name, self.victim(command), step=STEPS.get(command, 1)
                )
                self.assertNotEqual(result.status, BROKEN, result.describe())
                self.assertGreater(verified.compared(), 0)
                if command not in UNKNOWN_TO_LIBUNWIND:
                    self.assert_few_unknown(verified)

    def test_programs(self):
        source = self.written("source.cc", _SOURCE)
        self.verify_program(
            "python3", ["/usr/bin/python3", "-c", _PYTHON], environment={"PYTHONMALLOC": "malloc"}
        )
        self.verify_program("perl", ["perl", "-e", _PERL])
        # The driver starts the compiler proper and the assembler.
        self.verify_program("g++", ["g++", "-c", "-o", "source.o", source], step=6)
        self.verify_program("git", ["sh", "-c", _GIT])
        self.verify_program("sqlite3", ["sqlite3", ":memory:"], stdin=_SQL.encode())
        self.verify_program("node", ["node", "-e", _NODE])
        self.verify_program("java", ["java", self.written("Sample.java", _JAVA)], step=10)
        print(f"all programs: {self.total}")
        self.assertGreaterEqual(self.total.compared(), COMPARED, f"{self.total}")
        self.assertGreaterEqual(self.total.fast, FAST_SHARE * self.total.compared())
