"""Heaptrack's recording of a program, by call stack, to compare ours with.

Read is what its preload library writes before heaptrack_interpret turns addresses into names, one
line for each event, with numbers in hexadecimal:

    m LENGTH NAME BASE SEGMENT…   a module and where it is loaded; the NAME x is the program itself,
                                  and "m 1 -" forgets those before it
    t ADDRESS PARENT              a frame and the index of its caller's (0: none, the first is 1);
                                  ADDRESS is one less than the return address
    + SIZE TRACE POINTER          an allocation at the frame with that index
    - POINTER                     a deallocation; realloc is a deallocation and an allocation

Names depend on what symbolizes them; (module, offset) is exact, so that stacks are compared by it.
Heaptrack keeps 64 frames of a stack, hence FRAMES; it misses memalign and reallocarray. It wraps
dlopen, brings libstdc++ and libunwind along, and calls __libc_freeres at the end.
"""

import bisect
import os

PRELOAD = "/usr/lib/heaptrack/libheaptrack_preload.so"
FRAMES = 24
_OWN = ("libheaptrack_preload.so", "libheapdrift_preload.so")
_FREED_BY_FREERES = ("libc.so.6", "libstdc++.so.6", "ld-linux-x86-64.so.2")


class Figures:
    def __init__(self):
        self.allocations = 0
        self.allocated_bytes = 0
        self.live_bytes = 0


class _Modules:
    def __init__(self):
        self._starts = []
        self._modules = []

    def forget(self):
        self.__init__()

    def add(self, name, words):
        base = int(words[0], 16)
        segments = [int(word, 16) for word in words[1:]]
        for offset, size in zip(segments[::2], segments[1::2]):
            at = bisect.bisect(self._starts, base + offset)
            self._starts.insert(at, base + offset)
            self._modules.insert(at, (base, base + offset + size, name))

    def resolve(self, address):
        at = bisect.bisect(self._starts, address) - 1
        if at >= 0 and address < self._modules[at][1]:
            base, _, name = self._modules[at]
            return name, address - base
        return "", address


def _module_line(line, program):
    length, _, rest = line[2:].partition(" ")
    size = int(length, 16)
    return program if rest[:size] == "x" else rest[:size], rest[size:].split()


def read_stacks(path):
    """Figures of each stack, a tuple of (module's name, offset), innermost first."""
    modules = _Modules()
    program = ""
    # The stack of each trace, built from its parent's; the trace 0 is the empty one.
    traces = [()]
    stacks = {}
    live = {}
    with open(path, encoding="utf-8", errors="replace") as events:
        for line in events:
            kind = line[0]
            if kind == "x":
                program = os.path.basename(line.rstrip("\n").split(" ", 2)[-1])
                # The arguments come next, and may contain newlines.
                while not line.startswith("I "):
                    line = next(events)
                continue
            if kind == "+":
                size, trace, pointer = (int(word, 16) for word in line[2:].split())
                figures = stacks.setdefault(traces[trace], Figures())
                figures.allocations += 1
                figures.allocated_bytes += size
                figures.live_bytes += size
                live[pointer] = (figures, size)
            elif kind == "-":
                figures, size = live.pop(int(line[2:], 16), (None, 0))
                if figures:
                    figures.live_bytes -= size
            elif kind == "t":
                address, parent = (int(word, 16) for word in line[2:].split())
                frame = modules.resolve(address)
                outer = traces[parent]
                traces.append(outer if frame[0] in _OWN else (frame, *outer[: FRAMES - 1]))
            elif kind == "m":
                name, words = _module_line(line.rstrip("\n"), program)
                if name == "-":
                    modules.forget()
                elif words:
                    modules.add(os.path.basename(name), words)
    return stacks


def our_stacks(document):
    """The same of a report made with --no-symbols --top 0 --frames 0; heap only."""
    stacks = {}
    for row in document["rows"]:
        if row["domain"] != "heap":
            continue
        frames = [
            (os.path.basename(frame["module"] or ""), (frame["module_offset"] or 0) - 1)
            for frame in row["frames"]
        ]
        stack = tuple([frame for frame in frames if frame[0] not in _OWN][:FRAMES])
        figures = stacks.setdefault(stack, Figures())
        figures.allocations += row["allocations"]
        figures.allocated_bytes += row["allocated_bytes"]
        figures.live_bytes += row["live_bytes"]
    return stacks


def without_its_own(theirs, ours):
    """Theirs less what libraries allocate that only heaptrack brings along, such as libstdc++."""
    known = {module for stack in ours for module, _ in stack}
    kept = {stack: figures for stack, figures in theirs.items() if stack and stack[0][0] in known}
    left_out = sum(theirs[stack].allocations for stack in theirs if stack not in kept)
    return kept, left_out


def total(stacks, name):
    return sum(getattr(figures, name) for figures in stacks.values())


def stack_text(stack):
    return " < ".join(f"{module}+0x{offset:x}" for module, offset in stack[:6])


def differences(ours, at_exit, theirs):
    """One (allocations, line) for each stack whose figures differ.

    Heaptrack stops at some point while the program exits, so that its live bytes lie between ours
    when exit began (at_exit) and ours at the end; what it frees by __libc_freeres is less.
    """
    found = []
    none = Figures()
    for stack in ours.keys() | theirs.keys():
        mine, its = ours.get(stack, none), theirs.get(stack, none)
        bounds = sorted((mine.live_bytes, at_exit.get(stack, none).live_bytes))
        wrong = [
            f"{name} {getattr(mine, name)} and {getattr(its, name)}"
            for name in ("allocations", "allocated_bytes")
            if getattr(mine, name) != getattr(its, name)
        ]
        if stack[0][0] in _FREED_BY_FREERES:
            bounds[0] = 0
        if not bounds[0] <= its.live_bytes <= bounds[1]:
            wrong.append(f"live_bytes {bounds} and {its.live_bytes}")
        if wrong:
            size = max(mine.allocations, its.allocations)
            found.append((size, f"{stack_text(stack)}: {', '.join(wrong)}"))
    return sorted(found, reverse=True)
