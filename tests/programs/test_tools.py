"""Compilers and other tools that run to their end."""

import hashlib
import os
import random
import re

from support.comparison import EXIT_HANDLERS, ComparedTest

_SQL = """
create table entries(id integer primary key, name text, amount real);
with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 8000)
insert into entries select n, 'name ' || (n * 7919 % 8000), n / 3.0 from numbers;
create index by_name on entries(name);
select count(*), sum(amount), min(name), max(name) from entries;
select name, count(*) from entries group by substr(name, 6, 2) order by 2 desc, 1 limit 5;
delete from entries where id % 3 = 0;
vacuum;
select group_concat(name) from (select name from entries order by name limit 20);
"""
_CMAKE = """
cmake_minimum_required(VERSION 3.20)
project(sample C CXX)
add_library(parts STATIC parts.c)
add_executable(sample main.cc)
target_link_libraries(sample PRIVATE parts)
"""
_MAIN = """
#include <algorithm>
#include <iostream>
#include <map>
#include <regex>
#include <string>
#include <vector>
extern "C" int parts(int);
int main() {
    std::map<std::string, std::vector<int>> numbers;
    for (int i = 0; i < 1000; ++i) numbers[std::to_string(parts(i))].push_back(i);
    std::cout << numbers.size() << std::regex_replace(std::string("abc"), std::regex("b"), "x");
}
"""
_PARTS = "int parts(int value) { return value * 31 % 97; }\n"
_GIT = """
set -e
git init -q -b main . && git config user.name A && git config user.email a@example.com
for i in 1 2 3 4 5 6; do
    for f in a b c; do echo "$f $i" >> $f.txt; done
    git add . && git commit -q -m "change $i"
done
git checkout -q -b side HEAD~2 && echo side > side.txt && git add . && git commit -q -m side
git checkout -q main && git merge -q --no-edit side
git log --stat --graph && git gc -q && git fsck --strict && git diff HEAD~3 && git blame a.txt
git clone -q . copy && git -C copy rev-parse HEAD && git status --short
"""


def write(folder, **files):
    for name, text in files.items():
        name = name.replace("__", ".")
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


def write_sources(folder):
    write(folder, main__cc=_MAIN, parts__c=_PARTS, CMakeLists__txt=_CMAKE)


def write_data(folder):
    """Text that compresses well in a few files, the same each time."""
    words = random.Random(7)
    for i in range(20):
        text = " ".join(str(words.randrange(5000)) for _ in range(20000))
        write(folder, **{f"part{i}__txt": text})


def digest(*names):
    """A function that hashes files that the program leaves in its folder."""

    def digest_in(folder):
        sums = []
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                sums.append(hashlib.sha256(file.read()).hexdigest())
        return sums

    return digest_in


class Compilers(ComparedTest):
    def test_gcc(self):
        self.need("gcc")
        command = ["gcc", "-O2", "-g", "-c", "-o", "parts.o", "parts.c"]
        self.check_program("gcc", command, write_sources, result_of=digest("parts.o"))

    def test_gxx(self):
        self.need("g++")
        command = ["g++", "-O1", "-c", "-o", "main.o", "main.cc"]
        run = self.check_program("g++", command, write_sources, result_of=digest("main.o"))
        # The driver, the compiler proper and the assembler.
        self.assertGreaterEqual(len(run.sessions), 3)

    def test_cmake(self):
        self.need("cmake", "ninja", "g++")
        script = (
            "cmake -G Ninja -B out -DCMAKE_BUILD_TYPE=Release . >log 2>&1 &&"
            " cmake --build out --parallel 1 >>log 2>&1 && out/sample"
        )
        self.check_program(
            "cmake building", ["sh", "-c", script], write_sources, options=["--no-symbols"]
        )

    def test_cmake_by_stack(self):
        self.need("cmake")
        self.check_against_heaptrack("cmake", ["cmake", "--help-full"], apart=EXIT_HANDLERS)

    def test_compiler_proper_by_stack(self):
        self.need("gcc")
        compiler = self.plain(["gcc", "-print-prog-name=cc1"]).out.strip()

        def prepare(work):
            # Enough that a table of 32 KiB, which it may have one more of if its addresses lie
            # differently, is less than 0.1 %.
            body = "{ while (v % 7) v += v / 3; return v * 31; }"
            write(work, many__c="\n".join(f"int f{i}(int v) {body}" for i in range(300)))

        self.check_against_heaptrack(
            "cc1",
            [compiler, "-quiet", "-O2", "-o", "many.s", "many.c"],
            prepare,
            apart=EXIT_HANDLERS,
        )


class Tools(ComparedTest):
    def test_git(self):
        self.need("git")
        run = self.check_program("git", ["sh", "-c", _GIT], options=["--no-symbols"])
        self.assertIn("side.txt", run.result.out)

    def test_git_by_stack(self):
        self.need("git")

        def prepare(work):
            self.timed(["sh", "-c", _GIT])

        self.check_against_heaptrack("git log", ["git", "log", "--stat"], prepare)

    def test_sqlite(self):
        self.need("sqlite3")
        self.check_program("sqlite3", ["sqlite3", "base.db"], stdin=_SQL.encode())
        self.assert_named(self.session_path(), "sqlite3_step", "sqlite3_exec")

    def test_sqlite_by_stack(self):
        self.need("sqlite3")
        self.check_against_heaptrack("sqlite3", ["sqlite3", "base.db"], stdin=_SQL.encode())

    def test_openssl(self):
        self.need("openssl")
        script = """
            set -e
            openssl genrsa -out key.pem 2048 2>/dev/null
            openssl req -new -x509 -key key.pem -subj /CN=localhost -days 9 -out cert.pem
            openssl verify -CAfile cert.pem cert.pem
            head -c 2000000 /dev/zero >zero
            openssl dgst -sha256 -sign key.pem -out signature zero
            openssl x509 -in cert.pem -pubkey -noout >public.pem
            openssl dgst -sha256 -verify public.pem -signature signature zero
            openssl enc -aes-256-cbc -pbkdf2 -k word -in zero -out packed
            openssl enc -d -aes-256-cbc -pbkdf2 -k word -in packed | cmp - zero
            openssl speed -seconds 1 -bytes 1024 sha256 >speed 2>&1
            openssl ciphers
        """
        self.check_program("openssl", ["sh", "-c", script], options=["--no-symbols"])

    def test_openssl_by_stack(self):
        self.need("openssl")
        self.check_against_heaptrack("openssl", ["openssl", "list", "-all-algorithms"])

    def test_tar_with_xz(self):
        self.need("tar", "xz")
        script = (
            "tar --sort=name --mtime=@0 -cJf all.tar.xz *.txt && rm *.txt && tar -xJf all.tar.xz"
            " && tar -tf all.tar.xz && sha256sum all.tar.xz *.txt"
        )
        self.check_program("tar with xz", ["sh", "-c", script], write_data)

    def test_xz_by_stack(self):
        self.need("xz")
        self.check_against_heaptrack("xz", ["xz", "-k", "-T1", "part1.txt"], write_data)

    def test_tar_by_stack(self):
        self.need("tar")
        self.check_against_heaptrack("tar", ["tar", "-cf", "all.tar", "."], write_data)

    def test_gdb(self):
        self.need("gdb")
        commands = ["set breakpoint pending on", "break opendir", "run", "backtrace 1"]
        commands += ["info sharedlibrary", "kill"]
        words = [word for command in commands for word in ("-ex", command)]
        addresses = re.compile(r"0x[0-9a-f]+|process \d+")

        def without_addresses(text):
            # Under the recorder the debugged program has one library more.
            lines = [line for line in text.splitlines() if "libheapdrift" not in line]
            return [addresses.sub("", line).rstrip() for line in lines]

        self.check_program(
            "gdb",
            ["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", *words]
            + ["--args", "/usr/bin/ls", "/"],
            clean=without_addresses,
            timeout=60,
        )

    def test_gdb_by_stack(self):
        self.need("gdb")
        self.check_against_heaptrack(
            "gdb", ["gdb", "-nx", "-batch", "-ex", "info functions main", "/usr/bin/ls"],
            apart=EXIT_HANDLERS,
        )

    def test_curl_by_stack(self):
        self.need("curl")
        self.check_against_heaptrack("curl", ["curl", "-s", "file:///etc/hostname"])
