"""Draws how the cost grows, with gnuplot: ns added for each pair against blocks, stacks, threads
and the length of the run."""

import os
import shutil
import subprocess

_PANELS = (
    ("live-", "micro", "live blocks", True),
    ("stacks-", "micro", "call stacks", True),
    ("threads-", "micro", "threads", False),
    ("length-", "growth", "length of the run, times", True),
)
_CONFIGURATIONS = ("hooks", "exact", "sampled", "heaptrack")
_MISSING = "heapdrift: no picture, because gnuplot is not installed"


def _points(results, group, prefix, configuration):
    points = []
    for case in results.group(group):
        name = case.name.partition(".")[2]
        added = case.nanoseconds_added(configuration)
        if name.startswith(prefix) and added:
            low, high = added["quartiles"]
            points.append((float(name[len(prefix) :]), added["median"], low, high))
    return sorted(points)


def _panel(results, prefix, group, label, logarithmic):
    blocks, plots = [], []
    for configuration in _CONFIGURATIONS:
        points = _points(results, group, prefix, configuration)
        # Heaptrack's values would flatten all others; the tables have them.
        if len(points) < 2 or configuration == "heaptrack":
            continue
        name = f"$data{len(blocks)}"
        lines = "\n".join(" ".join(f"{value:g}" for value in point) for point in points)
        blocks.append(f"{name} << EOD\n{lines}\nEOD\n")
        plots.append(
            f"{name} using 1:2:3:4 with yerrorlines pointtype 7 pointsize 0.4"
            f" title '{configuration}'"
        )
    if not plots:
        return ""
    scale = "set logscale x 10\nset format x '10^{%T}'\n" if logarithmic else "set format x '%g'\n"
    if prefix == "length-":
        scale = "set logscale x 2\nset format x '%g'\n"
    return (
        "".join(blocks)
        + f"unset logscale\n{scale}set xlabel '{label}'\nplot "
        + ", ".join(plots)
        + "\n"
    )


def draw(results, path):
    """Returns what kept it from drawing, or None."""
    if shutil.which("gnuplot") is None:
        return _MISSING
    panels = [panel for panel in (_panel(results, *what) for what in _PANELS) if panel]
    if not panels:
        return "heapdrift: no picture, because fewer than two points were measured"
    script = (
        "set terminal svg size 900,640 font 'sans-serif,12' background rgb 'white'\n"
        f"set output '{os.path.abspath(path)}'\n"
        "set yrange [0:*]\nset ylabel 'ns added a pair'\nset key top left\nset grid\n"
        "set multiplot layout 2,2\n" + "".join(panels) + "unset multiplot\n"
    )
    subprocess.run(["gnuplot"], input=script, text=True, check=True, capture_output=True)
    return None
