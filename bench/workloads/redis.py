"""redis-server: throughput, latency under load, and what its fork for BGSAVE takes."""

import csv
import io
import time

import measure
from workloads import server
from workloads.case import Case

_SET_LATENCY_TESTS = "set,get,lpush,rpop,hset"


class Load(Case):
    """Requests as fast as they come, and the latency that redis-benchmark sees."""

    def __init__(self, built, scale):
        super().__init__("redis.load", built)
        self._requests = str(max(500, int(30000 * scale)))

    def run(self, configuration, folder, number):
        redis = server.Redis(self.runner, configuration, folder)
        with redis:
            begin = time.monotonic()
            said = redis.benchmark(
                "-n", self._requests, "-c", "20", "-r", "10000", "-d", "200", "--csv",
                "-t", _SET_LATENCY_TESTS,
            )  # fmt: skip
            wall = time.monotonic() - begin
        rows = list(csv.DictReader(io.StringIO(said)))
        if not rows:
            raise measure.Failed(f"redis-benchmark said: {said}")
        milliseconds = [float(row["p99_latency_ms"]) for row in rows]
        figures = {
            "wall": wall,
            "cpu": redis.taken.cpu,
            "peak_rss": redis.taken.peak_rss,
            "p99_ms": sum(milliseconds) / len(milliseconds),
        }
        figures.update(self.recorded(configuration, folder, number))
        return figures


class Fork(Case):
    """The latency of the fork with a large heap: page tables and what the recorder maps."""

    only = {"plain", "hooks", "exact", "sampled", "heaptrack-null"}
    most_rounds = 3
    _VALUE_BYTES = 1000

    def __init__(self, built, scale):
        super().__init__("redis.fork", built)
        self._values = str(max(1000, int(900000 * scale)))

    def run(self, configuration, folder, number):
        options = ("--rdbcompression", "no", "--enable-debug-command", "yes")
        redis = server.Redis(self.runner, configuration, folder, *options)
        with redis:
            redis.ask("debug", "populate", self._values, "key", str(self._VALUE_BYTES))
            heap = int(redis.info("used_memory"))
            times = []
            for _ in range(2):
                redis.ask("bgsave")
                while redis.info("rdb_bgsave_in_progress") != "0":
                    time.sleep(0.02)
                times.append(int(redis.info("latest_fork_usec")) / 1e6)
            if redis.info("rdb_last_bgsave_status") != "ok":
                raise measure.Failed("redis-server could not save")
        figures = {
            "fork": min(times),
            "heap_bytes": heap,
            "wall": redis.taken.wall,
            "cpu": redis.taken.cpu,
            "peak_rss": redis.taken.peak_rss,
        }
        figures.update(self.recorded(configuration, folder, number))
        return figures


def cases(built, scale):
    if not server.installed():
        return []
    return [Load(built, scale), Fork(built, scale)]
