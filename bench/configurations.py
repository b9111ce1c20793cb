"""What each workload is run under: nothing, ours, and the peers that are installed."""

import ctypes.util
import dataclasses
import glob
import os
import shutil
import subprocess
import tempfile

_HEAPTRACK_PRELOAD = "/usr/lib/heaptrack/libheaptrack_preload.so"
_ONCE = 1000
_LIBRARIES = "/usr/lib/x86_64-linux-gnu"
# That a peer cannot run some program is a result; these always must.
MUST_WORK = {"plain", "hooks", "exact", "sampled"}


@dataclasses.dataclass(frozen=True)
class Configuration:
    """`{folder}` in environment, prefix and files stands for the folder of the run."""

    name: str
    title: str
    environment: dict = dataclasses.field(default_factory=dict)
    prefix: tuple = ()
    # Measured in each n-th round only: peers are slow, and their ratios far from 1. The slowest
    # run once.
    every: int = 1
    # The recording, as a pattern, and the command that prints a report of it.
    files: str = ""
    report: tuple = ()
    # A process of the profiler's own, whose memory counts too.
    helper: str = ""
    # Only for workloads that are small.
    small: bool = False
    # Compared with this one: a profiler inside another allocator adds to that allocator.
    base: str = "plain"
    # Ours, whose reports tell the number of allocations.
    ours: bool = False

    def command(self, arguments, folder):
        return [word.format(folder=folder) for word in self.prefix] + list(arguments)

    def variables(self, folder):
        return {name: text.format(folder=folder) for name, text in self.environment.items()}

    def recordings(self, folder):
        return sorted(glob.glob(self.files.format(folder=folder))) if self.files else []


def _ours(built, name, title, options="", **more):
    return Configuration(
        name,
        title,
        {
            "LD_PRELOAD": built.recorder,
            # As under heapdrift run, whose descendants leave files only when they allocate much.
            "HEAPDRIFT_OPTIONS": "output={folder}/recording.%p.heapdrift"
            + options
            + ":root_pid=@PID@",
        },
        files="{folder}/recording.*heapdrift*",
        report=(built.heapdrift, "report", "{file}"),
        ours=True,
        **more,
    )


def _supports_sampling(built):
    with tempfile.TemporaryDirectory(prefix="heapdrift-bench.") as folder:
        words = [built.heapdrift, "run", "-q", "--no-report", "-o", f"{folder}/probe.heapdrift"]
        probe = subprocess.run([*words, "--sample", "512KiB", "--", "true"], capture_output=True)
    return probe.returncode == 0


def _heaptrack():
    return [
        Configuration(
            "heaptrack",
            "heaptrack as its users run it",
            prefix=("heaptrack", "-o", "{folder}/heaptrack"),
            every=3,
            files="{folder}/heaptrack*.zst",
            report=("heaptrack_print", "{file}"),
            helper="heaptrack_inter",
        ),
        Configuration(
            "heaptrack-null",
            "heaptrack's library alone, writing to /dev/null",
            {"LD_PRELOAD": _HEAPTRACK_PRELOAD, "DUMP_HEAPTRACK_OUTPUT": "/dev/null"},
            every=3,
        ),
    ]


def _jemalloc(library):
    def profiled(options):
        return {
            "LD_PRELOAD": library,
            "MALLOC_CONF": f"prof:true,prof_final:true,prof_prefix:{{folder}}/jeprof,{options}",
        }

    more = {"every": 3, "files": "{folder}/jeprof*.heap", "base": "jemalloc"}
    return [
        Configuration("jemalloc", "jemalloc, not profiling", {"LD_PRELOAD": library}, every=3),
        Configuration(
            "jemalloc-exact",
            "jemalloc's profiler, every allocation",
            profiled("lg_prof_sample:0"),
            **{**more, "every": _ONCE},
        ),
        Configuration(
            "jemalloc-sampled",
            "jemalloc's profiler, 512 KiB",
            profiled("lg_prof_sample:19"),
            **more,
        ),
    ]


def _jemalloc_profiles(library):
    """Whether it was built with its profiler; else it warns of an invalid setting."""
    probe = subprocess.run(
        ["/bin/true"],
        env={"LD_PRELOAD": library, "MALLOC_CONF": "prof:true"},
        capture_output=True,
        check=False,
    )
    return not probe.stderr


def _gperftools(library):
    heap = {"LD_PRELOAD": library, "HEAPPROFILE": "{folder}/gperf"}
    return [
        Configuration("tcmalloc", "tcmalloc, not profiling", {"LD_PRELOAD": library}, every=3),
        Configuration(
            "gperftools",
            "gperftools' heap profiler",
            heap,
            every=_ONCE,
            files="{folder}/gperf*.heap",
            base="tcmalloc",
        ),
    ]


def _lsan(library):
    return Configuration(
        "lsan",
        "LeakSanitizer preloaded; its fast unwinder, whose stacks end early",
        {"LD_PRELOAD": library, "LSAN_OPTIONS": "exitcode=0:log_path={folder}/lsan"},
        every=3,
        files="{folder}/lsan*",
    )


def _library(name):
    path = os.path.join(_LIBRARIES, name)
    return path if os.path.exists(path) else ctypes.util.find_library(name)


def all_configurations(built):
    """The configurations that this machine has, and why others are left out."""
    found = [
        Configuration("plain", "nothing preloaded"),
        Configuration("hooks", "hooks that only forward", {"LD_PRELOAD": built.forward_only}),
        _ours(built, "exact", "heapdrift, every allocation"),
    ]
    left_out = {}
    if _supports_sampling(built):
        found.append(_ours(built, "sampled", "heapdrift --sample 512KiB", ":sample=512KiB"))
    else:
        left_out["sampled"] = "heapdrift has no --sample"
    if shutil.which("heaptrack") and os.path.exists(_HEAPTRACK_PRELOAD):
        found += _heaptrack()
    else:
        left_out["heaptrack"] = "not installed"
    jemalloc = _library("libjemalloc.so.2")
    if not jemalloc:
        left_out["jemalloc"] = "not installed"
    elif not _jemalloc_profiles(jemalloc):
        left_out["jemalloc"] = "built without its profiler"
    else:
        found += _jemalloc(jemalloc)
    tcmalloc = _library("libtcmalloc.so.4")
    if tcmalloc:
        found += _gperftools(tcmalloc)
    else:
        left_out["gperftools"] = "not installed"
    lsan = _library("liblsan.so.0")
    if not lsan:
        left_out["lsan"] = "not installed"
    else:
        found.append(_lsan(lsan))
    if shutil.which("valgrind"):
        found.append(
            Configuration(
                "memcheck",
                "valgrind memcheck",
                prefix=("valgrind", "-q", "--leak-check=full", "--log-file={folder}/memcheck"),
                every=_ONCE,
                small=True,
            )
        )
    else:
        left_out["memcheck"] = "valgrind is not installed"
    return found, left_out
