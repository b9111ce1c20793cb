"""What was promised, and what the results say about it."""

import dataclasses
import statistics

import spread

_MEBIBYTE = 1 << 20
# What the smallest recording takes, in which nearly nothing was recorded: the header, and the first
# pages of each kind of record.
_SMALLEST_FILE = 64 << 10
_PROGRAM_LIMITS = {
    "programs.python3": 1.30,
    "programs.sqlite3": 1.06,
    "redis.load": 1.20,
    "programs.g++": 1.18,
}


@dataclasses.dataclass
class Row:
    what: str
    target: str
    reached: str
    met: bool | None  # None: not measured, or not to be judged from this


def _missing(what, target):
    return Row(what, target, "not measured", None)


def _at_most(what, limit, value, shown):
    return Row(what, f"≤ {limit:g}", shown, value <= limit)


def _nanoseconds(results, what, limit, *names):
    for name in names:
        case = results.get(name)
        added = case.nanoseconds_added("exact") if case else None
        if added is None:
            yield _missing(f"{what} ({name})", f"≤ {limit} ns")
            continue
        low, high = added["quartiles"]
        shown = f"{added['median']:.1f} ns ({low:.1f} to {high:.1f})"
        yield Row(f"{what} ({name})", f"≤ {limit} ns", shown, added["median"] <= limit)


def _ratio_row(results, what, limit, name, configuration, figure="wall"):
    case = results.get(name)
    ratio = case.ratio(configuration, figure) if case else None
    if ratio is None:
        return _missing(what, f"≤ {limit:g}")
    low, high = ratio["quartiles"]
    return _at_most(what, limit, ratio["median"], f"{ratio['median']:.3f} ({low:.3f} to {high:.3f})")


def _programs(results):
    return results.group("programs", "redis")


def _lost_in(names):
    return f"; noise is wider than what heaptrack adds in {', '.join(names)}" if names else ""


def _against_heaptrack(results):
    shares, noise = [], []
    for case in _programs(results):
        ours, theirs = case.added("exact", "wall"), case.wall_added("heaptrack")
        if ours is None or theirs is None:
            continue
        plain = case.median("plain", "wall")
        low, high = ours["quartiles"]
        # Where heaptrack adds nothing that can be told from noise, neither can a share be told: no
        # more than the quartiles of ours lie apart.
        if theirs <= max(0.02 * plain, high - low):
            noise.append(case.name)
        else:
            shares.append((max(ours["median"], 0.001 * theirs) / theirs, case.name))
    if not shares:
        yield _missing("time added by exact, as a share of heaptrack's", "≤ 0.25 each")
        return
    worst, name = max(shares)
    yield _at_most(
        "time added by exact, as a share of heaptrack's: the worst program",
        0.25,
        worst,
        f"{worst:.3f} ({name}, of {len(shares)}{_lost_in(noise)})",
    )
    mean = spread.geometric_mean([share for share, _ in shares])
    yield _at_most("the same, geometric mean", 0.1, mean, f"{mean:.3f}")


def _sampled(results):
    ratios, above = [], []
    for case in _programs(results):
        sampled = case.ratio("sampled")
        over = case.ratio("sampled", base="hooks")
        if sampled and over:
            ratios.append(sampled["median"])
            above.append((over["median"] - 1, over, case.name))
    if not ratios:
        yield _missing("sampled: wall ratio, mean", "≤ 1.02")
        yield _missing("sampled: above hooks that only forward, worst program", "≤ 0.03")
        return
    mean = spread.geometric_mean(ratios)
    yield _at_most("sampled: wall ratio, mean", 1.02, mean, f"{mean:.3f} of {len(ratios)} programs")
    worst, over, name = max(above, key=lambda entry: entry[0])
    low, high = (quartile - 1 for quartile in over["quartiles"])
    shown = f"{worst:.3f} ({low:.3f} to {high:.3f}; {name}, {over['rounds']} rounds)"
    yield _at_most("sampled: above hooks that only forward, worst program", 0.03, worst, shown)


def _memory(results):
    # Beside heaptrack where both were measured; the sum of its two processes.
    worse = []
    compared = 0
    exceeding = []
    for case in _programs(results) + results.group("micro"):
        ours = case.added("exact", "peak_rss")
        theirs = case.added("heaptrack", "peak_rss")
        sites = case.median("exact", "sites")
        heap = case.median("exact", "peak_live_bytes")
        if ours and sites and heap:
            allowed = 0.2 * heap + 250 * sites + 8 * _MEBIBYTE
            exceeding.append((ours["median"] / allowed, case.name))
        if ours and theirs:
            compared += 1
            if ours["median"] >= theirs["median"]:
                worse.append(case.name)
    what = "peak memory added, as a share of 20 % of the live heap + 250 B a site + 8 MiB"
    if exceeding:
        worst, name = max(exceeding)
        yield _at_most(what, 1, worst, f"{worst:.2f} ({name}, of {len(exceeding)})")
    else:
        yield _missing(what, "≤ 1")
    shown = f"more in: {', '.join(worse)}" if worse else f"less in all {compared}"
    what = "peak memory added, against heaptrack's two processes"
    yield Row(what, "less everywhere", shown, not worse) if compared else _missing(what, "less")


def _reports(results):
    for name in ("redis.load", "programs.python3"):
        case = results.get(name)
        seconds = case.median("exact", "report_seconds") if case else None
        what = f"end of program to printed report ({name})"
        if seconds is None:
            yield _missing(what, "≤ 1 s")
        else:
            yield Row(what, "≤ 1 s", f"{seconds:.2f} s", seconds <= 1)
    for case in results.group("long"):
        ours = case.median("exact", "start_to_report")
        theirs = case.median("heaptrack", "start_to_report")
        what = f"from start to report at 5·10^7 allocations, times sooner than heaptrack ({case.name})"
        if ours is None or theirs is None:
            yield _missing(what, "≥ 10")
        else:
            shown = f"{theirs / ours:.1f} ({ours:.1f} s and {theirs:.1f} s)"
            yield Row(what, "≥ 10", shown, theirs / ours >= 10)


def _stall(results):
    case = results.get("stall.longest")
    what = "longest single stall, own time, 10^5 sites, 64 threads: median of the rounds"
    ours, plain = (
        [seconds * 1e3 for seconds in case.values(name, "longest_own_gap")] if case else []
        for name in ("exact", "plain")
    )
    if not ours:
        return _missing(what, "≤ 1 ms")
    # The median of the rounds: a processor that the host takes away counts as the thread's own time.
    middle = statistics.median(ours)
    shown = f"{middle:.2f} ms ({min(ours):.2f} to {max(ours):.2f} in {len(ours)} rounds"
    if plain:
        shown += f"; plain: {statistics.median(plain):.2f}, {min(plain):.2f} to {max(plain):.2f}"
    return Row(what, "≤ 1 ms", f"{shown})", middle <= 1)


def _start(results):
    case = results.get("start.true")
    added = case.added("exact", "wall") if case else None
    what = "a short-lived process, added"
    if added is None:
        yield _missing(what, "≤ 1 ms")
    else:
        shown = f"{added['median'] * 1e3:.2f} ms"
        yield Row(what, "≤ 1 ms", shown, added["median"] <= 1e-3)
    yield _ratio_row(results, "a configure script", 1.1, "start.configure", "exact")
    yield _ratio_row(results, "a shell loop of small processes", 1.1, "start.shell-loop", "exact")


def _file(results):
    sizes = [
        (name, results.get(name).median("exact", "file_bytes"))
        # Both are long enough to have all the snapshots that are kept.
        for name in ("growth.length-32", "growth.length-128")
        if results.get(name)
    ]
    what = "file after a run four times as long"
    if len(sizes) < 2 or None in (size for _, size in sizes):
        return _missing(what, "about 1")
    grown = sizes[1][1] / sizes[0][1]
    shown = f"{grown:.2f} ({sizes[0][1] / 1024:.0f} and {sizes[1][1] / 1024:.0f} KiB)"
    return Row(what, "about 1", shown, grown <= 1.25)


def _file_share(results):
    shares = []
    for case in _programs(results) + results.group("micro"):
        size, nodes, sites, earlier = (
            case.median("exact", figure)
            for figure in ("file_bytes", "nodes", "sites", "earlier_counters")
        )
        if size and nodes and sites:
            allowed = 40 * nodes + 200 * sites + 24 * earlier
            beyond = max(0, size - _SMALLEST_FILE) / allowed
            shares.append((size / allowed, beyond, sites, size, case.name))
    what = "file, as a share of 40 B a node + 200 B a site + 24 B a site and changed snapshot"
    if not shares:
        yield _missing(what, "≤ 1")
        return
    worst, _, _, size, name = max(shares)
    shown = f"{worst:.2f} ({name}, {size / 1024:.0f} KiB, of {len(shares)})"
    yield _at_most(f"{what}: the worst", 1, worst, shown)
    _, worst, _, size, name = max(shares, key=lambda entry: entry[1])
    shown = f"{worst:.2f} ({name}, {size / 1024:.0f} KiB)"
    yield _at_most(
        f"the same beyond the first {_SMALLEST_FILE >> 10} KiB: the worst", 1, worst, shown
    )
    share, _, sites, _, name = max(shares, key=lambda entry: entry[2])
    yield _at_most("the same, where there are most sites", 1, share, f"{share:.2f} ({name})")


def rows(results):
    found = list(_nanoseconds(results, "exact: ns added a pair, few stacks, 10^4 live", 20,
                              "micro.few-stacks-10k-live"))  # fmt: skip
    found += _nanoseconds(results, "exact: ns added a pair", 70, "micro.stacks-100000",
                          "micro.live-1000000")  # fmt: skip
    for name, limit in _PROGRAM_LIMITS.items():
        found.append(_ratio_row(results, f"exact: wall ratio, {name}", limit, name, "exact"))
    found.append(
        _ratio_row(results, "exact: only allocating", 1.45, "micro.only-allocating", "exact")
    )
    found += _against_heaptrack(results)
    found += _sampled(results)
    found += _start(results)
    found.append(_ratio_row(results, "redis: p99 latency", 1.2, "redis.load", "exact", "p99_ms"))
    found.append(_ratio_row(results, "redis: its fork", 1.2, "redis.fork", "exact", "fork"))
    found.append(_stall(results))
    found += _memory(results)
    found += _reports(results)
    found.append(_file(results))
    found += _file_share(results)
    return found
