"""Reads the output of valgrind --tool=callgrind: instructions by object file, function and line.

A cost line is a position and a count; the line behind "calls=" says what the called function took
and belongs to that one. Names are abbreviated: "(7) name" introduces, "(7)" repeats. Positions are
numbers, or relative to the last one ("+3", "-3", "*")."""

import collections
import re

_NAME = re.compile(r"\((\d+)\)(?: (.*))?$")


class Profile:
    def __init__(self):
        # (object file, function, source file, line) -> instructions
        self.lines = collections.Counter()

    def of(self, object_name):
        """Of the object files whose path contains object_name."""
        found = Profile()
        for place, count in self.lines.items():
            if object_name in place[0]:
                found.lines[place] = count
        return found

    def total(self):
        return sum(self.lines.values())

    def by_function(self):
        functions = collections.Counter()
        for (_, function, _, _), count in self.lines.items():
            functions[function] += count
        return functions

    def by_line(self):
        places = collections.Counter()
        for (_, _, file, line), count in self.lines.items():
            places[f"{file}:{line}"] += count
        return places

    def minus(self, other):
        difference = Profile()
        difference.lines.update(self.lines)
        difference.lines.subtract(other.lines)
        return difference


class _Names:
    def __init__(self):
        self._known = {}

    def resolve(self, text):
        match = _NAME.match(text)
        if not match:
            return text
        if match[2] is not None:
            self._known[match[1]] = match[2]
        return self._known[match[1]]


def _position(word, last):
    if word == "*":
        return last
    if word[0] in "+-":
        return last + int(word)
    return int(word)


def read(path):
    profile = Profile()
    files, functions, objects = _Names(), _Names(), _Names()
    object_name = function = file = ""
    line = 0
    skip_next = False
    with open(path, encoding="utf-8", errors="replace") as lines:
        for text in lines:
            text = text.rstrip("\n")
            if not text:
                continue
            key, equals, value = text.partition("=")
            if text[0].isdigit() or text[0] in "+-*":
                words = text.split()
                line = _position(words[0], line)
                if not skip_next:
                    profile.lines[object_name, function, file, line] += int(words[1])
                skip_next = False
            elif not equals:
                continue
            elif key == "ob":
                object_name = objects.resolve(value)
            elif key == "cob":
                objects.resolve(value)
            elif key == "fl":
                file = files.resolve(value)
            elif key in ("fi", "fe"):
                file = files.resolve(value)
            elif key in ("cfi", "cfl"):
                files.resolve(value)
            elif key == "fn":
                function = functions.resolve(value)
            elif key == "cfn":
                functions.resolve(value)
            elif key == "calls":
                skip_next = True
    return profile
