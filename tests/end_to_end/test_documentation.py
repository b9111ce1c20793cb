"""Completion by real shells, and manual pages by real readers: both know all that --help knows."""

import os
import re
import shutil
import unittest

from harness import process, session
from harness.case import EndToEndTest

# Completes a command line as the shell would at its end; the last word is the one begun.
_BASH = """
[ ! -r /usr/share/bash-completion/bash_completion ] || . /usr/share/bash-completion/bash_completion
. "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMP_LINE="$*"
COMP_POINT=${#COMP_LINE}
words=($(complete -p heapdrift))
"${words[2]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
# zsh completes only what is typed to it: a shell on a terminal of its own, whose matches are told.
_ZSH = """
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; unsetopt zle_bracketed_paste; fpath=($1 \\$fpath); autoload -Uz compinit; \\
compinit -u -d $2/dump; stty rows 200 columns 300; LISTMAX=10000; setopt no_list_ambiguous; \\
zstyle ':completion:*' list-prompt ''; \\
null-line () { printf 'BEGIN\\n' }; print R''EADY"
zpty -r shell text '*READY*'
zpty -w -n shell "$3"$'\\t\\t'
sleep 0.5
zpty -w -n shell $'\\C-e\\C-u'"print E''ND"$'\\n'
zpty -r shell text '*END*'
print -r -- "$text"
"""


class Documentation(EndToEndTest):
    def output(self, *arguments):
        result = session.heapdrift(arguments, self.folder)
        self.assertEqual((result.status, result.err), (0, ""), result.describe())
        return result.out

    def commands(self):
        listed = self.output("--help").partition("Subcommands:\n")[2].partition("\n\n")[0]
        return re.findall(r"^  ([a-z]+) ", listed, re.MULTILINE)

    def options(self, *command):
        """Of --help: the long names, and those that take a value."""
        text = self.output(*command, "--help").partition("\nOptions:\n")[2]
        return re.findall(r"^  (?:-\w,)?(--[a-z-]+)", text, re.MULTILINE)

    def script(self, shell, name):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.output("completion", shell))
        return path

    def needed(self, program, package):
        if not shutil.which(program):
            raise unittest.SkipTest(f"the Debian package {package} is not installed")
        return program

    def run_tool(self, arguments, **options):
        result = process.run(arguments, self.folder, self.environment(), timeout=60, **options)
        self.assertEqual(result.status, 0, result.describe())
        return result

    def make_files(self):
        for name in ("a.heapdrift", "other file.heapdrift"):
            with open(os.path.join(self.folder, name), "wb"):
                pass
        os.mkdir(os.path.join(self.folder, "sources"))


class Bash(Documentation):
    def complete(self, *words):
        result = self.run_tool(
            ["bash", "--norc", "-c", _BASH, "bash", self.script("bash", "script"), "heapdrift",
             *words]
        )
        self.assertEqual(result.err, "", result.describe())
        return [line for line in result.out.splitlines() if line]

    def test_commands_and_all_their_options(self):
        commands = self.commands()
        self.assertIn("report", commands)
        self.assertEqual(sorted(self.complete("")), sorted(commands))
        self.assertEqual(self.complete("repo"), ["report"])
        for command in commands:
            with self.subTest(command):
                known = set(self.complete(command, "--"))
                self.assertEqual(known, set(self.options(command)))

    def test_values(self):
        self.make_files()
        self.assertEqual(self.complete("report", "--format", ""), ["csv", "json", "text"])
        self.assertEqual(self.complete("report", "x", "--format", "j"), ["json"])
        self.assertEqual(self.complete("report", "--format", "=", "c"), ["csv"])
        self.assertEqual(self.complete("report", "--format", "="), ["csv", "json", "text"])
        self.assertIn("pprof", self.complete("export", "-f", ""))
        self.assertEqual(self.complete("completion", "z"), ["zsh"])
        self.assertEqual(self.complete("report", "a."), ["a.heapdrift"])
        self.assertEqual(self.complete("diff", "a.heapdrift", "ot"), ["other file.heapdrift"])
        self.assertEqual(self.complete("leaks", "x", "--source-path", "s"), ["sources"])
        self.assertEqual(self.complete("report", "--top", ""), [])

    def test_program_and_its_arguments(self):
        self.make_files()
        self.assertIn("sort", self.complete("run", "sor"))
        self.assertIn("sort", self.complete("run", "-o", "F", "--scan", "--", "sor"))
        self.assertIn("--interval", self.complete("run", "--int"))
        self.assertEqual(self.complete("run", "--output", "=", "a."), ["a.heapdrift"])
        # Behind the program nothing is ours.
        self.assertEqual(self.complete("run", "-o", "F", "cat", "a."), ["a.heapdrift"])
        self.assertNotIn("--interval", self.complete("run", "cat", "--int"))


class Zsh(Documentation):
    def complete(self, line):
        self.needed("zsh", "zsh")
        self.script("zsh", "_heapdrift")
        out = self.run_tool(["zsh", "-f", "-c", _ZSH, "zsh", self.folder, self.folder, line]).out
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out)

    def test_commands_options_and_values(self):
        self.make_files()
        text = self.complete("heapdrift ")
        for command in self.commands():
            self.assertRegex(text, rf"\b{command}\b")
        text = self.complete("heapdrift report --")
        for option in self.options("report"):
            self.assertIn(option, text)
        self.assertIn("traceback", self.complete("heapdrift diff --group-by "))
        self.assertIn("sources", self.complete("heapdrift report x --source-path s"))

    def test_is_sourced_too(self):
        self.needed("zsh", "zsh")
        path = self.script("zsh", "script")
        words = f"autoload -Uz compinit; compinit -u -d {self.folder}/dump; . {path}; " \
                "print $_comps[heapdrift]"
        self.assertEqual(self.run_tool(["zsh", "-f", "-c", words]).out, "_heapdrift\n")


class Fish(Documentation):
    def complete(self, line):
        self.needed("fish", "fish")
        path = self.script("fish", "script.fish")
        command = f"source {path}; complete -C '{line}'"
        result = self.run_tool(["fish", "--no-config", "-c", command])
        return [word.partition("\t")[0] for word in result.out.splitlines()]

    def test_commands_options_and_values(self):
        self.make_files()
        self.assertEqual(sorted(self.complete("heapdrift ")), sorted(self.commands()))
        for command in ("run", "report", "leaks", "export", "merge"):
            with self.subTest(command):
                known = set(self.complete(f"heapdrift {command} --"))
                self.assertEqual(known, set(self.options(command)))
        self.assertEqual(self.complete("heapdrift report --format "), ["csv", "json", "text"])
        self.assertIn("a.heapdrift", self.complete("heapdrift report a"))
        self.assertIn("sort", self.complete("heapdrift run -o F sor"))


class Manual(Documentation):
    def pages(self):
        folder = os.path.join(self.folder, "man1")
        os.mkdir(folder)
        self.output("manual", "--directory", folder)
        return {name: os.path.join(folder, name) for name in sorted(os.listdir(folder))}

    def test_a_page_for_each_command(self):
        expected = ["heapdrift.1"] + [f"heapdrift-{name}.1" for name in self.commands()]
        self.assertEqual(list(self.pages()), sorted(expected))
        self.assertEqual(self.output("manual"), open(
            os.path.join(self.folder, "man1", "heapdrift.1"), encoding="utf-8").read())

    def test_readers_find_nothing_wrong(self):
        self.needed("man", "man-db")
        self.needed("mandoc", "mandoc")
        environment = {**self.environment(), "MANROFFSEQ": "", "MANWIDTH": "80"}
        for name, path in self.pages().items():
            with self.subTest(name):
                result = process.run(["man", "--warnings", "-l", path], self.folder, environment)
                self.assertEqual((result.status, result.err), (0, ""), result.describe())
                lint = process.run(["mandoc", "-T", "lint", "-W", "warning", path], self.folder)
                # The date that it misses would be another at each build.
                said = [line for line in (lint.out + lint.err).splitlines()
                        if "missing date" not in line]
                self.assertEqual(said, [])

    def test_says_what_help_says(self):
        self.needed("man", "man-db")
        environment = {**self.environment(), "MANWIDTH": "200"}
        pages = self.pages()
        for command in self.commands():
            path = pages[f"heapdrift-{command}.1"]
            text = process.run(["man", "-l", path], self.folder, environment).out
            text = re.sub(r".\x08", "", text).replace("\u2010", "-")
            for option in self.options(command):
                self.assertIn(option, text)
            shown = " ".join(text.split())
            for line in self.output(command, "--help").splitlines():
                if line.startswith("  heapdrift "):
                    self.assertIn(" ".join(line.split()), shown)

    def test_unknown_command(self):
        result = session.heapdrift(["manual", "nosuch"], self.folder)
        self.assertEqual(result.status, 2, result.describe())
        self.assertIn("nosuch", result.err)


