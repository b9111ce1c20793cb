"""Medians and what they are worth."""

import math
import random
import statistics


def quartiles(values):
    """Lower quartile, median, upper quartile."""
    if len(values) < 2:
        return (values[0],) * 3 if values else (math.nan,) * 3
    return tuple(statistics.quantiles(values, n=4, method="inclusive"))


def interval(values, confidence=0.95, resamples=2000):
    """A bootstrap interval of the median; the same each time for the same values."""
    if len(values) < 2:
        return (math.nan, math.nan)
    source = random.Random(1)
    medians = sorted(
        statistics.median(source.choices(values, k=len(values))) for _ in range(resamples)
    )
    out = int(resamples * (1 - confidence) / 2)
    return medians[out], medians[-1 - out]


def summary(values):
    low, middle, high = quartiles(values)
    from_, to = interval(values)
    return {
        "median": middle,
        "quartiles": [low, high],
        "interval95": [from_, to],
        "rounds": len(values),
    }


def geometric_mean(values):
    return math.exp(statistics.fmean(map(math.log, values))) if values else math.nan


def paired(rows, configuration, base, figure):
    """(base's value, the configuration's) of each round that has both."""
    by_round = {}
    for row in rows:
        if figure in row["figures"]:
            by_round.setdefault(row["round"], {})[row["configuration"]] = row["figures"][figure]
    return [
        (values[base], values[configuration])
        for _, values in sorted(by_round.items())
        if base in values and configuration in values
    ]


def ratios(rows, configuration, figure, base="plain"):
    return [ours / theirs for theirs, ours in paired(rows, configuration, base, figure) if theirs]


def differences(rows, configuration, figure, base="plain"):
    return [ours - theirs for theirs, ours in paired(rows, configuration, base, figure)]
