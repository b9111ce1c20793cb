"""Servers under load."""

import os
import re
import time

from support.case import ProgramTest, Run
from support.server import Server, free_port, wait_for_port

_NGINX = """
{user}
daemon off;
worker_processes 2;
pid {work}/nginx.pid;
error_log {work}/error.log notice;
events {{ worker_connections 256; }}
http {{
    access_log {work}/access.log;
    client_body_temp_path {work}/body;
    proxy_temp_path {work}/proxy;
    fastcgi_temp_path {work}/fastcgi;
    uwsgi_temp_path {work}/uwsgi;
    scgi_temp_path {work}/scgi;
    gzip on;
    gzip_types text/plain;
    server {{
        listen 127.0.0.1:{port};
        root {work}/root;
        location /moved {{ return 301 /; }}
        location /through {{ proxy_pass http://127.0.0.1:{port}/; }}
    }}
}}
"""


class ServerTest(ProgramTest):
    # Popen's arguments for another user.
    user = {}

    def serve(self, arguments, port, client, options, recorded):
        """Runs the server while client() works; returns its Run and what client() returned."""
        folder = os.path.join(self.folder, "work")
        words = self.run_words(*options) if recorded else []
        begin = time.monotonic()
        server = Server(words + arguments, folder, self.environment(), **self.user)
        try:
            wait_for_port(port, server.process)
            said = client(port)
            result = server.ended()
        finally:
            server.kill()
        sessions = self.sessions() if recorded else []
        return Run(result, time.monotonic() - begin, sessions), said

    def check_server(self, name, arguments, prepare, client, clean, options=()):
        """arguments(port) start it; client(port) uses and stops it, and says what it saw."""
        port = free_port()
        self.fresh_folder(lambda work: prepare(work, port))
        plain, plain_said = self.serve(arguments(port), port, client, options, False)
        self.fresh_folder(lambda work: prepare(work, port))
        recorded, said = self.serve(arguments(port), port, client, options, True)
        self.assertEqual(plain_said, said)
        self.assert_alike(plain.result, recorded.result, clean)
        self.check_sessions(name, plain.seconds, recorded)
        return recorded

    def ask(self, *arguments, stdin=b"", status=0):
        result = self.timed([*arguments], stdin=stdin).result
        self.assertEqual(result.status, status, result.describe())
        return result.out


class Redis(ServerTest):
    def client(self, port):
        address = ["-h", "127.0.0.1", "-p", str(port)]
        benchmark = ["redis-benchmark", *address, "-q", "-n", "5000", "-c", "20", "-r", "500"]
        out = self.ask(*benchmark, "-t", "set,get,incr,lpush,rpop,sadd,hset,zadd,mset")
        self.assertNotIn("rror", out)
        commands = ["flushall", "set a 1", "rpush list 1 2 3", "lrange list 0 -1", "save"]
        commands += ["eval 'return redis.call(\"get\", \"a\")' 0", "object encoding list", "dbsize"]
        said = self.ask("redis-cli", *address, stdin="\n".join(commands).encode())
        self.ask("redis-cli", *address, "bgrewriteaof")
        # A rewrite that is not done by the end is killed, and both processes say so.
        while "aof_rewrite_in_progress:1" in self.ask("redis-cli", *address, "info", "persistence"):
            time.sleep(0.01)
        self.ask("redis-cli", *address, "shutdown", "nosave")
        return said

    def test_redis(self):
        self.need("redis-server", "redis-benchmark", "redis-cli")

        def arguments(port):
            words = ["redis-server", "--bind", "127.0.0.1", "--port", str(port)]
            return [*words, "--save", "", "--appendonly", "yes", "--loglevel", "warning"]

        def clean(text):
            return re.sub(r"\d+:[A-Z] \d+ \w+ \d+ [\d:.]+|PID: \d+|pid=\d+", "", text)

        self.check_server("redis", arguments, lambda work, port: None, self.client, clean)
        self.assert_named(self.session_path(), "aeMain", "main", "call")


class Nginx(ServerTest):
    def prepare(self, work, port):
        os.makedirs(os.path.join(work, "root"))
        for name, lines in (("index.html", 10), ("large.txt", 20000)):
            with open(os.path.join(work, "root", name), "w", encoding="ascii") as file:
                file.write("a line of text\n" * lines)
        # As root the workers would change to a user who cannot read the test's folder.
        user = "user root;" if os.geteuid() == 0 else ""
        with open(os.path.join(work, "nginx.conf"), "w", encoding="utf-8") as file:
            file.write(_NGINX.format(user=user, work=work, port=port))

    def client(self, port):
        base = f"http://127.0.0.1:{port}"
        said = [
            self.ask("curl", "-s", "--compressed", f"{base}/large.txt"),
            self.ask("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"{base}/none"),
            self.ask("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"{base}/moved"),
            self.ask("curl", "-s", f"{base}/through"),
        ]
        for path in ("index.html", "through"):
            load = self.ask("wrk", "-t1", "-c8", "-d1s", f"{base}/{path}")
            self.assertNotIn("Socket errors", load)
            self.assertNotIn("Non-2xx", load)
        with open(os.path.join(self.folder, "work", "nginx.pid"), encoding="ascii") as file:
            os.kill(int(file.read()), 3)
        return said

    def test_nginx(self):
        self.need("nginx", "wrk", "curl")

        def arguments(port):
            work = os.path.join(self.folder, "work")
            return ["nginx", "-e", f"{work}/error.log", "-p", work, "-c", f"{work}/nginx.conf"]

        run = self.check_server("nginx", arguments, self.prepare, self.client, None)
        # The master and its workers.
        self.assertGreaterEqual(len(run.sessions), 3)

    def test_curl(self):
        """Curl under the recorder, against nginx without it."""
        self.need("nginx", "curl")
        port = free_port()
        # The folder of curl is emptied between its runs.
        site = os.path.join(self.folder, "site")
        os.makedirs(site)
        self.prepare(site, port)
        command = ["nginx", "-e", f"{site}/error.log", "-p", site, "-c", f"{site}/nginx.conf"]
        server = Server(command, site, self.environment())
        try:
            wait_for_port(port, server.process)
            base = f"http://127.0.0.1:{port}"
            self.check_program(
                "curl",
                ["curl", "-s", "-S", "--no-progress-meter", "--fail", "--compressed", "-Z"]
                + ["-w", "%{http_code} %{size_download}\n"]
                + ["-o", "a", f"{base}/large.txt", "-o", "b", f"{base}/through"]
                + ["-o", "c", f"{base}/index.html", "-o", "d", f"{base}/index.html"],
                clean=lambda text: sorted(text.splitlines()),
                result_of=lambda work: sorted(
                    (name, os.path.getsize(os.path.join(work, name))) for name in os.listdir(work)
                ),
            )
            self.assert_named(self.session_path(), "curl_multi_perform")
        finally:
            server.kill()
