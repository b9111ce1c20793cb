"""The results as Markdown tables."""

import spread

_MEBIBYTE = 1 << 20


def table(head, rows):
    if not rows:
        return ""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|--:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _with_spread(summary, form):
    if summary is None:
        return "–"
    low, high = summary["quartiles"]
    return f"{summary['median']:{form}} ({low:{form}}–{high:{form}})"


def _mebibytes(count):
    return "–" if count is None else f"{count / _MEBIBYTE:.1f}"


def programs(results):
    rows = []
    for case in results.group("programs", "redis", "start"):
        for configuration in case.configurations:
            if configuration == "plain":
                low, wall, high = spread.quartiles(case.values("plain", "wall"))
                allocations = case.allocations()
                known = f"{allocations:,.0f} allocations" if allocations else ""
                rows.append(
                    [
                        f"**{case.name}**",
                        "plain",
                        f"{wall:.3f} s ({low:.3f}–{high:.3f})",
                        *("", known, "", "", ""),
                        str(len(case.values("plain", "wall"))),
                    ]
                )
                continue
            added = case.added(configuration, "peak_rss")
            seconds = case.median(configuration, "report_seconds")
            ratio = case.ratio(configuration)
            rows.append(
                [
                    "",
                    configuration,
                    _with_spread(ratio, ".3f"),
                    _with_spread(case.ratio(configuration, "cpu"), ".3f"),
                    _with_spread(case.nanoseconds_added(configuration), ".0f"),
                    _mebibytes(added["median"] if added else None),
                    _mebibytes(case.median(configuration, "file_bytes")),
                    "–" if seconds is None else f"{seconds:.2f}",
                    str(ratio["rounds"]) if ratio else "–",
                ]
            )
    head = ["program", "under", "wall ratio", "CPU ratio", "ns added a pair", "RSS added, MiB"]
    return table([*head, "file, MiB", "report, s", "rounds"], rows)


def micro(results):
    cases = results.group("micro", "growth")
    names = list(dict.fromkeys(name for case in cases for name in case.configurations))
    names = [name for name in names if name != "plain"]
    rows = []
    for case in cases:
        low, plain, high = spread.quartiles(case.values("plain", "ns_per_pair"))
        row = [case.name.partition(".")[2], f"{plain:.1f} ({low:.1f}–{high:.1f})"]
        row += [_with_spread(case.nanoseconds_added(name), ".1f") for name in names]
        exact = case.ratio("exact")
        rows.append([*row, str(exact["rounds"]) if exact else "–"])
    return table(["ns a pair", "plain", *(f"{name} adds" for name in names), "rounds"], rows)


def latencies(results):
    rows = []
    for name, figure, unit, factor in (
        ("redis.load", "p99_ms", "p99, ms", 1),
        ("redis.fork", "fork", "fork, ms", 1e3),
        ("start.true", "wall", "start to end, ms", 1e3),
    ):
        case = results.get(name)
        for configuration in case.configurations if case else ():
            value = case.median(configuration, figure)
            ratio = case.ratio(configuration, figure)
            if value is not None:
                rows.append(
                    [
                        f"{name}: {unit}",
                        configuration,
                        f"{value * factor:.3f}",
                        _with_spread(ratio, ".3f"),
                    ]
                )
    return table(["", "under", "median", "ratio to plain"], rows)


def snapshots(results):
    rows = []
    for case in results.group("snapshot", "stall"):
        for configuration in case.configurations:
            row = [case.name, configuration]
            for figure in ("sites_asked", "threads", "snapshots"):
                value = case.median(configuration, figure)
                row.append("–" if value is None else f"{value:.0f}")
            for figure in (
                "snapshot_cost_mean",
                "snapshot_cost_longest",
                "longest_own_gap",
                "longest_gap",
            ):
                values = case.values(configuration, figure)
                row.append(f"{max(values) * 1e6:,.0f}" if values else "–")
            rows.append(row)
    head = ["", "under", "stacks", "threads", "snapshots", "cost, mean, µs", "cost, longest, µs"]
    return table([*head, "longest pair, own time, µs", "longest pair, wall, µs"], rows)


def long_runs(results):
    rows = []
    for case in results.group("long"):
        for configuration in case.configurations:
            row = [case.name, configuration]
            for figure, form in (("wall", ".2f"), ("start_to_report", ".2f")):
                value = case.median(configuration, figure)
                row.append("–" if value is None else f"{value:{form}}")
            row.append(_mebibytes(case.median(configuration, "file_bytes")))
            rows.append(row)
    return table(["", "under", "program, s", "start to report, s", "file, MiB"], rows)


def lengths(results):
    rows = []
    for case in results.group("growth"):
        for configuration in case.configurations:
            size = case.median(configuration, "file_bytes")
            if size is not None:
                rows.append([case.name, configuration, f"{size / 1024:,.0f}"])
    return table(["", "under", "file, KiB"], rows)
