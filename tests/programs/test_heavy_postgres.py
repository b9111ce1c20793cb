"""PostgreSQL: its own process for each connection, shared memory, and no service for root."""

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time

from harness import build
from test_servers import ServerTest

_BINARIES = "/usr/lib/postgresql/15/bin"
_SQL = """
create table entries(id int primary key, name text, data jsonb);
insert into entries
  select i, md5(i::text), jsonb_build_object('a', i) from generate_series(1, 20000) i;
create index on entries using gin (data);
select count(*), sum((data->>'a')::int) from entries;
select substr(name, 1, 1), count(*) from entries group by 1 order by 1;
do $$ begin for i in 1..200 loop perform pg_sleep(0); end loop; end $$;
vacuum analyze entries;
explain (costs off) select * from entries where id = 5;
"""


class Postgres(ServerTest):
    def path(self):
        return f"{_BINARIES}:{super().path()}"

    def setUp(self):
        super().setUp()
        self.user = {}
        if os.geteuid() == 0:
            self.become_postgres()

    def become_postgres(self):
        """A folder that its user can write to: it refuses to run as root."""
        self.want("initdb")
        try:
            account = pwd.getpwnam("postgres")
        except KeyError:
            self.skipTest("there is no user postgres, and postgres does not run as root")
        self.user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        command = [build.heapdrift(), "--version"]
        try:
            subprocess.run(command, **self.user, check=True, stdout=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError):
            self.skipTest(f"the user postgres may not read {build.folder()}")
        self.folder = tempfile.mkdtemp(prefix="postgres-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        os.chmod(self.folder, 0o755)

    def fresh_folder(self, prepare=None):
        work = super().fresh_folder(prepare)
        if self.user:
            for name in ("work", "home", "tmp", "sessions"):
                os.chown(os.path.join(self.folder, name), self.user["user"], self.user["group"])
        return work

    def timed(self, arguments, environment=None, stdin=b"", timeout=60, **popen):
        return super().timed(arguments, environment, stdin, timeout, **{**self.user, **popen})

    def client(self, port):
        where = ["-h", "127.0.0.1", "-p", str(port), "-U", "postgres"]
        deadline = time.monotonic() + 30
        while self.timed(["pg_isready", "-q", *where]).result.status != 0:
            self.assertLess(time.monotonic(), deadline, "postgres does not start")
            time.sleep(0.05)
        said = self.ask("psql", "-X", "-q", *where, "-v", "ON_ERROR_STOP=1", stdin=_SQL.encode())
        self.ask("pgbench", *where, "-i", "-q", "-s", "1", "postgres")
        load = self.ask("pgbench", *where, "-c", "4", "-t", "200", "postgres")
        self.assertIn("transactions actually processed: 800/800", load)
        with open(f"{self.folder}/work/data/postmaster.pid", encoding="ascii") as file:
            os.kill(int(file.readline()), signal.SIGINT)
        return said

    def initdb(self):
        words = ["initdb", "-D", "data", "-U", "postgres", "-A", "trust", "--no-sync"]
        return [*words, "--locale=C.UTF-8", "-E", "UTF8"]

    def test_initdb(self):
        self.want("initdb")
        run = self.check_program("initdb", self.initdb(), timeout=120, options=["--no-symbols"])
        self.assertIn("Success", run.result.out)

    def test_postgres(self):
        self.want("initdb")

        def prepare(_, port):
            # Before the first run the folders are still root's.
            for name in ("work", "home", "tmp"):
                if self.user:
                    os.chown(os.path.join(self.folder, name), *list(self.user.values())[:2])
            made = self.timed(self.initdb(), timeout=120)
            self.assertEqual(made.result.status, 0, made.result.describe())

        def arguments(port):
            words = ["postgres", "-D", "data", "-p", str(port), "-k", f"{self.folder}/tmp"]
            return [*words, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]

        def clean(text):
            text = re.sub(r"[\d-]+ [\d:.]+ UTC|\[\d+\]|PID \d+|checkpoint .*|[\d.]+ ms", "", text)
            # How often the client had to ask whether it is ready.
            return sorted(line for line in set(text.splitlines()) if "starting up" not in line)

        run = self.check_server(
            "postgres", arguments, prepare, self.client, clean, options=["--no-symbols"]
        )
        # Its helpers and the backends: each is forked from the first process.
        self.assertGreater(len(run.sessions), 5)
        self.assert_named(self.session_path(), "AllocSetContextCreateInternal", "PostmasterMain")
