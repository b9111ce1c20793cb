"""1,000 kills at random moments: what the victim had noted is what its session holds."""

import concurrent.futures
import os
import random
import signal
import struct
import subprocess
import time

from harness import build, process, session
from harness.case import EndToEndTest

NOTE_SIZE = 128
MAX_THREADS = 8
AT_ONCE = 4


class Notes:
    """The page that a noting victim shares with us (struct Note in noting.c)."""

    def __init__(self, path):
        self.in_flight = 0
        self.in_flight_bytes = 0
        self.sums = [0, 0, 0, 0]
        data = b""
        if os.path.exists(path):
            with open(path, "rb") as file:
                data = file.read()
        for at in range(0, len(data) - NOTE_SIZE + 1, NOTE_SIZE):
            begun, done, *rest = struct.unpack_from("<11Q", data, at)
            sums = rest[0:4] if done % 2 == 0 else rest[4:8]
            self.sums = [a + b for a, b in zip(self.sums, sums)]
            if begun != done:
                assert begun == done + 1, f"the victim's own note is torn: {begun}, {done}"
                self.in_flight += 1
                self.in_flight_bytes += rest[8]


# So many kills for each whose file is checked as a whole.
EVERY = 10


class Kill(EndToEndTest):
    def one_kill(self, number, threads, delay):
        """None when all is as noted, a text otherwise."""
        note_path = os.path.join(self.folder, f"{number}.note")
        output = os.path.join(self.folder, f"{number}.heapdrift")
        command = [build.victim("noting"), note_path, str(threads)]
        environment = {
            **self.environment(),
            "LD_PRELOAD": build.recorder(),
            "HEAPDRIFT_OPTIONS": f"output={output}.%p",
        }
        child = subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        time.sleep(delay)
        ended = child.poll()
        process.kill_group(child)
        _, err = child.communicate()
        rerun = process.shown(command, environment, self.folder)
        if ended is not None:
            return f"ended by itself with {ended}: {err.decode()}\n{rerun}"
        if child.returncode != -signal.SIGKILL or err:
            return f"{child.returncode} {err.decode()}\n{rerun}"
        output = f"{output}.{child.pid}"
        fault = self.compare(Notes(note_path), output)
        # What the death cut off is no damage.
        if not fault and number % EVERY == 0 and os.path.exists(output):
            info = session.heapdrift(["info", output, "--no-symbols"], self.folder)
            if "Damaged" in info.out:
                fault = info.describe()
        if fault:
            return f"killed after {delay * 1000:.1f} ms, {threads} threads: {fault}\n{rerun}"
        for path in (output, note_path):
            if os.path.exists(path):
                os.unlink(path)
        return None

    def compare(self, notes, output):
        if sum(notes.sums) == 0 and not os.path.exists(output):
            return None
        result = session.heapdrift(
            ["report", output, "--format", "json", "--top", "0"], self.folder
        )
        if sum(notes.sums) == 0 and result.status == 1:
            # Killed while the session was being created: a clear message is what is asked for.
            return None if "heapdrift" in result.err else result.describe()
        if result.status != 0:
            return result.describe()
        document = session.json.loads(result.out)
        names = ("allocations", "allocated_bytes", "deallocations", "deallocated_bytes")
        slack = (notes.in_flight, notes.in_flight_bytes) * 2
        for name, noted, more in zip(names, notes.sums, slack):
            found = session.figure(document, "noted_operations", name)
            if not noted <= found <= noted + more:
                return f"{name}: {found} recorded, {noted} noted, {more} in flight"
        if document["totals"]["dropped"]:
            return f"dropped: {document['losses']}"
        if document["files"][0]["ended_by"] != "killed":
            return f"ended_by {document['files'][0]['ended_by']}"
        return None

    def kill_many(self, count, threads):
        chance = random.Random(f"{count} {threads}")
        # Most strike the work, some the start-up.
        delays = [chance.uniform(0, 0.012) + chance.choice((0, 0.01, 0.02)) for _ in range(count)]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            faults = [
                fault
                for fault in pool.map(
                    lambda item: self.one_kill(item[0], threads, item[1]), enumerate(delays)
                )
                if fault
            ]
        self.assertFalse(faults, f"{len(faults)} of {count} kills lost something; the first:\n"
                         + "\n".join(faults[:3]))

    def test_500_kills_single_threaded(self):
        self.kill_many(500, 1)

    def test_500_kills_multi_threaded(self):
        self.kill_many(500, 4)

    def test_counts_are_compared_at_all(self):
        """A note that says one operation more than was recorded must be noticed."""
        note_path = os.path.join(self.folder, "0.note")
        output = os.path.join(self.folder, "0.heapdrift")
        environment = {
            **self.environment(),
            "LD_PRELOAD": build.recorder(),
            "HEAPDRIFT_OPTIONS": f"output={output}.%p",
        }
        child = subprocess.Popen(
            [build.victim("noting"), note_path, "1"], cwd=self.folder, env=environment
        )
        time.sleep(0.1)
        child.kill()
        child.wait()
        output = f"{output}.{child.pid}"
        notes = Notes(note_path)
        self.assertGreater(notes.sums[0], 100)
        self.assertIsNone(self.compare(notes, output))
        notes.sums[0] += 2
        self.assertIsNotNone(self.compare(notes, output))
