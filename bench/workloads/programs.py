"""Programs that nobody here wrote, each busy for about half a second on its own."""

import os
import random
import shutil
import subprocess

from workloads.case import ProgramCase

PYTHON = "/usr/bin/python3"


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class ScriptCase(ProgramCase):
    """A script in a file: heaptrack cannot read back a command line with a line break in it."""

    interpreter = ()

    def script(self):
        raise NotImplementedError

    def prepare(self, folder):
        self._file = os.path.join(folder, "script")
        write(self._file, self.script())

    def command(self):
        return [*self.interpreter, self._file]


class Python(ScriptCase):
    interpreter = (PYTHON,)
    environment = {"PYTHONMALLOC": "malloc"}
    small = True

    def __init__(self, built, scale, name="programs.python3", times=1):
        super().__init__(name, built)
        self._rows = max(20, int(36000 * scale))
        self._times = times

    def script(self):
        return f"""
import collections, json, re
def work():
    rows = [{{"id": i, "name": f"name {{i}}", "tags": [str(j) for j in range(i % 7)]}}
            for i in range({self._rows})]
    text = json.dumps(rows)
    back = json.loads(text)
    words = collections.Counter(re.findall(r"[a-z]+ \\d+", text))
    groups = collections.defaultdict(list)
    for _ in range(4):
        for row in back:
            groups[len(row["tags"]), row["id"] % 13].append(tuple(row["tags"]) + (row["name"],))
    lines = sorted(",".join(item) for group in groups.values() for item in group)
    print(len(words), len(lines))
for _ in range({self._times}):
    work()
"""


class Sqlite(ProgramCase):
    small = True

    def __init__(self, built, scale):
        super().__init__("programs.sqlite3", built)
        self._rows = max(100, int(180000 * scale))

    def prepare(self, folder):
        self.stdin = os.path.join(folder, "input.sql")
        write(
            self.stdin,
            f"""
create table entries(id integer primary key, name text, amount real);
with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < {self._rows})
insert into entries select n, 'name ' || (n * 7919 % {self._rows}), n / 3.0 from numbers;
create index by_name on entries(name);
select count(*), sum(amount), min(name), max(name) from entries;
select name, count(*) from entries group by substr(name, 6, 3) order by 2 desc, 1 limit 5;
select count(*) from entries a join entries b on a.name = b.name where a.id % 7 = 0;
update entries set name = upper(name) where id % 5 = 0;
delete from entries where id % 3 = 0;
select length(group_concat(name)) from entries;
""",
        )

    def command(self):
        return ["sqlite3", ":memory:"]


class Compiler(ProgramCase):
    """The compiler proper; the driver that starts it does little."""

    def __init__(self, built, scale):
        super().__init__("programs.g++", built)
        self._headers = ["map", "string", "iostream"] if scale >= 0.5 else ["cstdio"]

    def prepare(self, folder):
        self._proper = subprocess.run(
            ["g++", "-print-prog-name=cc1plus"], check=True, capture_output=True, text=True
        ).stdout.strip()
        source = os.path.join(folder, "source.cc")
        self._source = os.path.join(folder, "source.ii")
        includes = "".join(f"#include <{header}>\n" for header in self._headers)
        body = "int main() {}\n"
        if "map" in self._headers:
            body = (
                "int main() { std::map<std::string, int> n;"
                " for (std::string s; std::cin >> s;) n[s + 'x']++; std::cout << n.size(); }\n"
            )
        write(source, includes + body)
        subprocess.run(["g++", "-E", "-o", self._source, source], check=True)

    def command(self):
        words = [self._proper, "-quiet", "-fpreprocessed", "-O1", self._source]
        return [*words, "-o", "/dev/null"]


class Perl(ScriptCase):
    interpreter = ("perl",)
    small = True

    def __init__(self, built, scale):
        super().__init__("programs.perl", built)
        self._lines = max(100, int(400000 * scale))

    def script(self):
        return f"""
my (%words, @lines);
for my $i (1 .. {self._lines}) {{ $words{{"w" . $i % 9973}} .= $i; push @lines, "line $i" if $i % 3; }}
@lines = sort {{ $b cmp $a }} @lines;
my %seen; $seen{{join ",", split / /, $_}}++ for @lines;
my $text = join("\\n", @lines); my $count = () = $text =~ /line (\\d+)7/g;
print scalar(@lines), " $count\\n";
"""


class Node(ScriptCase):
    interpreter = ("node",)

    def __init__(self, built, scale):
        super().__init__("programs.node", built)
        self._entries = max(100, int(200000 * scale))

    def script(self):
        return f"""
const values = new Map();
for (let i = 0; i < {self._entries}; i++) values.set('k' + i, {{ i, text: 'x'.repeat(i % 50) }});
const text = JSON.stringify([...values]);
const crypto = require('crypto'), zlib = require('zlib');
let total = 0;
for (let i = 0; i < {self._entries} / 20; i++)
  total += Buffer.from(crypto.createHash('sha1').update('v' + i).digest('hex')).length;
console.log(text.length, total, zlib.gunzipSync(zlib.gzipSync(text)).length);
"""


class Gawk(ScriptCase):
    interpreter = ("gawk", "-f")
    small = True

    def __init__(self, built, scale):
        super().__init__("programs.gawk", built)
        self._lines = max(100, int(400000 * scale))

    def script(self):
        return f"""
BEGIN {{
    for (i = 0; i < {self._lines}; i++) {{
        line = "a" i " b" i % 977 " c"
        split(line, part, " ")
        count[part[2]] = count[part[2]] substr(part[1], 1, 2)
        sum += length(part[1])
    }}
    n = asorti(count, sorted)
    print n, sum
}}
"""


class Xz(ProgramCase):
    small = True

    def __init__(self, built, scale):
        super().__init__("programs.xz", built)
        self._words = max(1000, int(400000 * scale))

    def prepare(self, folder):
        self._file = os.path.join(folder, "text")
        numbers = random.Random(7)
        write(self._file, " ".join(str(numbers.randrange(50000)) for _ in range(self._words)))

    def command(self):
        return ["xz", "-3", "-T2", "--block-size=262144", "-k", "-c", self._file]

    def figures_of(self, output):
        return {"output_bytes": len(output)}


class Git(ProgramCase):
    """The whole history with its changes, of a repository that is made here."""

    def __init__(self, built, scale):
        super().__init__("programs.git", built)
        self._commits = max(5, int(2400 * scale))
        self._repository = None

    def prepare(self, folder):
        self._repository = os.path.join(folder, "repository")
        numbers = random.Random(3)
        stream = []
        content = [[f"line {j} of {i}" for j in range(200)] for i in range(10)]
        for commit in range(self._commits):
            stream.append(
                f"commit refs/heads/main\ncommitter A <a@example.com> {1580000000 + commit} +0000\n"
                f"data 8\nchange\n\n"
            )
            for i in numbers.sample(range(10), 3):
                content[i][numbers.randrange(200)] = f"changed in {commit}"
                text = "\n".join(content[i]) + "\n"
                stream.append(f"M 100644 inline part{i}.txt\ndata {len(text)}\n{text}\n")
        subprocess.run(["git", "init", "-q", "-b", "main", self._repository], check=True)
        subprocess.run(
            ["git", "-C", self._repository, "fast-import", "--quiet"],
            input="".join(stream).encode(),
            check=True,
        )

    def command(self):
        words = ["git", "--no-pager", "-c", "safe.directory=*", "-C", self._repository]
        return [*words, "log", "--stat", "-p", "main"]


class StressNg(ProgramCase):
    """Its malloc stressor, by operations, in one process."""

    def __init__(self, built, scale):
        super().__init__("programs.stress-ng", built)
        self._operations = max(1000, int(150000 * scale))

    def command(self):
        # Small blocks: larger ones would measure the pages that the kernel clears.
        words = ["stress-ng", "--malloc", "1", "--malloc-ops", str(self._operations)]
        return [*words, "--malloc-bytes", "16K", "--malloc-max", "4096", "--quiet"]


class Loop(ScriptCase):
    """A shell that starts many small processes."""

    many_processes = True
    interpreter = ("/bin/sh",)

    def __init__(self, built, scale):
        super().__init__("start.shell-loop", built)
        self._times = max(3, int(150 * scale))

    def script(self):
        return f"""
i=0
while [ $i -lt {self._times} ]; do
    i=$((i + 1))
    x=$(printf 'a b %s\\n' $i | sed 's/a/b/' | cut -d' ' -f2)
    /bin/true
done
echo $x
"""


class Configure(ScriptCase):
    """Checks as a configure script makes them: small programs compiled and run."""

    many_processes = True
    interpreter = ("/bin/sh",)

    def __init__(self, built, scale):
        super().__init__("start.configure", built)
        self._checks = max(1, int(8 * scale))

    def script(self):
        return f"""
i=0
while [ $i -lt {self._checks} ]; do
    i=$((i + 1))
    printf '#include <stdio.h>\\nint main(void) {{ return %d & 0; }}\\n' $i > conftest.c
    cc -o conftest conftest.c 2> conftest.err && ./conftest || echo failed
    grep -c . conftest.err > /dev/null
    expr "x$i" : 'x\\(.*\\)' | sed 's/^/checking /' | tr a-z A-Z > /dev/null
    rm -f conftest conftest.c conftest.err
done
uname -a | sed 's/ .*//'
"""


class ShortLived(ProgramCase):
    """One process after the other that does nothing; started by what is not measured."""

    many_processes = True

    def __init__(self, built, scale):
        super().__init__("start.true", built)
        self._times = max(10, int(400 * scale))

    def command(self):
        return ["/bin/true"]

    def run(self, configuration, folder, number):
        # Heaptrack takes a good second for each.
        times = self._times if not configuration.prefix else max(1, self._times // 100)
        taken = self.runner.run(
            configuration.command(self.command(), folder),
            folder,
            configuration.variables(folder),
            times=times,
        )
        return {"wall": taken.wall / times, "cpu": taken.cpu / times}


def cases(built, scale):
    needed = {
        "sqlite3": Sqlite,
        "cc": Compiler,
        "perl": Perl,
        "node": Node,
        "gawk": Gawk,
        "xz": Xz,
        "git": Git,
        "stress-ng": StressNg,
    }
    found = [Python(built, scale)]
    found += [case(built, scale) for name, case in needed.items() if shutil.which(name)]
    return found + [ShortLived(built, scale), Loop(built, scale), Configure(built, scale)]
