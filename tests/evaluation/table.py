"""Tables of what tools said of the corpus."""

TRUTHS = ("lost", "growth", "none")


def share(values):
    values = list(values)
    return sum(values) / len(values) if values else None


def _text(value):
    return "" if value is None else f"{value:.2f}"


def row(cells):
    return "| " + " | ".join(cells) + " |"


def _of(results, truth, measure):
    return share(
        measure(verdict)
        for kind, verdicts in results.items()
        if kind.truth == truth
        for verdict in verdicts
    )


def summary(columns):
    """columns: (title, verdicts by kind)."""
    lines = [row(["", *(title for title, _ in columns)]), row(["---"] * (len(columns) + 1))]
    measures = (
        ("lost blocks: found", "lost", lambda verdict: verdict.found),
        ("lost blocks: ranked first", "lost", lambda verdict: verdict.first),
        ("growth: found", "growth", lambda verdict: verdict.found),
        ("growth: ranked first", "growth", lambda verdict: verdict.first),
        ("no leak: runs with a false alarm", "none", lambda verdict: verdict.others > 0),
        ("other sites reported, in a run with lost blocks", "lost", lambda v: v.others),
        ("other sites reported, in a run with growth", "growth", lambda v: v.others),
    )
    for title, truth, measure in measures:
        cells = [_text(_of(results, truth, measure)) for _, results in columns]
        lines.append(row([title, *cells]))
    return "\n".join(lines)


def by_kind(columns, truth):
    """found and first, or false alarms, of so many runs."""
    lines = [row([truth, *(title for title, _ in columns)]), row(["---"] * (len(columns) + 1))]
    for kind in columns[0][1]:
        if kind.truth != truth:
            continue
        cells = []
        for _, results in columns:
            verdicts = results[kind]
            if truth == "none":
                cells.append(f"{sum(v.others > 0 for v in verdicts)} / {len(verdicts)}")
            else:
                found, first = sum(v.found for v in verdicts), sum(v.first for v in verdicts)
                cells.append(f"{found} ({first}) / {len(verdicts)}")
        lines.append(row([kind.name, *cells]))
    return "\n".join(lines)


def counts_text(findings):
    sure = sum(finding.sure for finding in findings)
    parts = [f"{count} {word}" for count, word in ((sure, "leaks"), (len(findings) - sure, "likely"))
             if count]
    return ", ".join(parts) or "nothing"
