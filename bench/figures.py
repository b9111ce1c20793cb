"""From the rows of a case to the figures that are shown."""

import statistics

import spread

# Of fewer, the time of a whole run says nothing about one.
_LEAST_ALLOCATIONS = 1000


class CaseFigures:
    """One case's results. All is relative to plain, or to `base`, in the same round."""

    def __init__(self, case):
        self.name = case["name"]
        self.rows = case["rows"]
        self.configurations = list(
            dict.fromkeys(row["configuration"] for row in self.rows if row["figures"])
        )

    def values(self, configuration, figure):
        return [
            row["figures"][figure]
            for row in self.rows
            if row["configuration"] == configuration and figure in row["figures"]
        ]

    def median(self, configuration, figure):
        values = self.values(configuration, figure)
        return statistics.median(values) if values else None

    def ratio(self, configuration, figure="wall", base="plain"):
        values = spread.ratios(self.rows, configuration, figure, base)
        return spread.summary(values) if values else None

    def added(self, configuration, figure, base="plain"):
        values = spread.differences(self.rows, configuration, figure, base)
        return spread.summary(values) if values else None

    def allocations(self):
        """As the recorder counted them; a micro program knows its pairs itself."""
        for name in ("pairs", "allocations"):
            for configuration in ("plain", "exact"):
                median = self.median(configuration, name)
                if median:
                    return median
        return None

    def nanoseconds_added(self, configuration):
        """Processor time for each pair of allocation and deallocation."""
        added = self.added(configuration, "cpu")
        allocations = self.allocations()
        if added is None or not allocations or allocations < _LEAST_ALLOCATIONS:
            return None
        factor = 1e9 / allocations
        return {
            "median": added["median"] * factor,
            "quartiles": [value * factor for value in added["quartiles"]],
            "rounds": added["rounds"],
        }

    def wall_added(self, configuration):
        added = self.added(configuration, "wall")
        return added["median"] if added else None


class Results:
    def __init__(self, document):
        self.document = document
        self.cases = {case["name"]: CaseFigures(case) for case in document["cases"]}

    def group(self, *names):
        return [
            case for name, case in self.cases.items() if name.partition(".")[0] in names
        ]

    def get(self, name):
        return self.cases.get(name)


def summaries(results):
    """For the JSON results: what the tables show, with all of the spread."""
    found = {}
    for name, case in results.cases.items():
        found[name] = {}
        for configuration in case.configurations:
            found[name][configuration] = {
                "wall_ratio": case.ratio(configuration),
                "cpu_ratio": case.ratio(configuration, "cpu"),
                "ns_added_per_pair": case.nanoseconds_added(configuration),
                "peak_rss_added": case.added(configuration, "peak_rss"),
                "file_bytes": case.median(configuration, "file_bytes"),
                "report_seconds": case.median(configuration, "report_seconds"),
            }
    return found
