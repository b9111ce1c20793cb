"""Programs of Debian: leaks that are known from their sources, memory that grows and is none, and
ordinary work."""

import collections
import os
import shutil
import socket
import subprocess
import tempfile
import time

from tools import Job

# leaks: names of functions or modules on the leaking stack; empty where nothing leaks.
Program = collections.namedtuple("Program", "name leaks job")

PYTHON = "/usr/bin/python3"
_SERVER_SECONDS = 30
# Between parts of a server's work, so that what is to expire does.
_PAUSE_SECONDS = 0.15


def _python(name, code, leaks=()):
    def job(folder):
        environment = {**os.environ, "PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"}
        return Job([PYTHON, "-c", code], folder, environment)

    return Program(name, leaks, job)


def _tool(name, *command, setup="", stdin=b"", ok=(0,)):
    def job(folder):
        if setup:
            subprocess.run(["sh", "-ec", setup], cwd=folder, check=True, capture_output=True)
        return Job(list(command), folder, stdin=stdin, ok=ok)

    return Program(name, (), job)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(port):
    deadline = time.monotonic() + _SERVER_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _redis(name, commands, leaks=()):
    """commands: lines for redis-cli."""

    def job(folder):
        port = _free_port()

        def drive():
            _wait_for(port)
            client = ["redis-cli", "-p", str(port)]
            for part in commands:
                subprocess.run(client, input=part.encode(), check=True, stdout=subprocess.DEVNULL)
                time.sleep(_PAUSE_SECONDS)
            subprocess.run([*client, "shutdown", "nosave"], check=False, capture_output=True)

        server = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
        return Job(server, folder, drive=drive)

    return Program(name, leaks, job)


_NGINX = """
daemon off; master_process off; pid nginx.pid; error_log stderr crit;
events { worker_connections 64; }
http { access_log off; server { listen 127.0.0.1:%d; root .; } }
"""


def _nginx(name, requests):
    def job(folder):
        port = _free_port()
        with open(os.path.join(folder, "nginx.conf"), "w", encoding="utf-8") as file:
            file.write(_NGINX % port)
        with open(os.path.join(folder, "page"), "w", encoding="utf-8") as file:
            file.write("text\n" * 1000)

        def drive():
            _wait_for(port)
            fetch = ["curl", "-s", "-o", "/dev/null", f"http://127.0.0.1:{port}/page?[1-{requests}]"]
            subprocess.run(fetch, check=True)
            with open(os.path.join(folder, "nginx.pid"), encoding="utf-8") as file:
                os.kill(int(file.read()), 3)

        command = [shutil.which("nginx") or "/usr/sbin/nginx", "-p", folder, "-c", "nginx.conf"]
        return Job([*command, "-e", "stderr"], folder, drive=drive)

    return Program(name, (), job)


def _memcached(name, parts, values):
    """So many values in each part, of which those that the server has room for are kept."""

    def job(folder):
        port = _free_port()

        def drive():
            _wait_for(port)
            with socket.create_connection(("127.0.0.1", port)) as client:
                for part in range(parts):
                    for i in range(part * values, (part + 1) * values):
                        client.sendall(b"set key%d 0 0 400 noreply\r\n%s\r\n" % (i, b"v" * 400))
                    time.sleep(_PAUSE_SECONDS)
                client.sendall(b"shutdown\r\n")

        server = ["memcached", "-u", "root", "-l", "127.0.0.1", "-p", str(port), "-U", "0"]
        return Job([*server, "-A", "-c", "64", "-m", "16", "-t", "1"], folder, drive=drive)

    return Program(name, (), job)


# Connections within one process, with a key that both sides know: what costs time otherwise is left
# out. The server's context keeps each session until there are 2,048: with OpenSSL's own limit of 20,480
# memcheck would need half an hour.
_SESSIONS = """
import ctypes, os
tls, P = ctypes.CDLL('libssl.so.3'), ctypes.c_void_p
for name in ('TLS_method', 'SSL_CTX_new', 'SSL_new'): getattr(tls, name).restype = P
KEY = b'0123456789abcdef'
def client_key(ssl, hint, identity, most, key, room):
    ctypes.memmove(identity, b'a', 2)
    ctypes.memmove(key, KEY, len(KEY))
    return len(KEY)
def server_key(ssl, identity, key, room):
    ctypes.memmove(key, KEY, len(KEY))
    return len(KEY)
U = ctypes.c_uint
client_key = ctypes.CFUNCTYPE(U, P, ctypes.c_char_p, P, U, P, U)(client_key)
server_key = ctypes.CFUNCTYPE(U, P, ctypes.c_char_p, P, U)(server_key)
def context():
    made = P(tls.SSL_CTX_new(P(tls.TLS_method())))
    tls.SSL_CTX_ctrl(made, 124, ctypes.c_long(0x303), None)  # at most TLS 1.2
    tls.SSL_CTX_set_cipher_list(made, b'PSK-AES128-CBC-SHA')
    tls.SSL_CTX_set_options(made, ctypes.c_uint64(1 << 14))  # no tickets
    return made
server, client = context(), context()
tls.SSL_CTX_set_session_id_context(server, b'a', 1)
tls.SSL_CTX_ctrl(server, 42, ctypes.c_long(2048), None)  # the limit
tls.SSL_CTX_set_psk_server_callback(server, server_key)
tls.SSL_CTX_set_psk_client_callback(client, client_key)
def connect():
    ends = P(), P()
    tls.BIO_new_bio_pair(ctypes.byref(ends[0]), ctypes.c_size_t(0),
                         ctypes.byref(ends[1]), ctypes.c_size_t(0))
    sides = P(tls.SSL_new(server)), P(tls.SSL_new(client))
    for side, end in zip(sides, ends): tls.SSL_set_bio(side, end, end)
    tls.SSL_set_accept_state(sides[0])
    tls.SSL_set_connect_state(sides[1])
    done = 0, 0
    while done != (1, 1): done = tls.SSL_do_handshake(sides[1]), tls.SSL_do_handshake(sides[0])
    for side in sides:
        tls.SSL_set_shutdown(side, 3)  # or the session is taken for a bad one, and dropped
        tls.SSL_free(side)
for i in range(3600): connect()
assert tls.SSL_CTX_ctrl(server, 20, ctypes.c_long(0), None) in (2047, 2048)
os._exit(0)  # both contexts are in use until then
"""


def _scripts(count, of):
    return ["".join(of(part * count + i) for i in range(count)) for part in range(12)]


LEAKS = (
    _redis("redis: scripts of EVAL", _scripts(400, lambda i: f'EVAL "return {i}" 0\n'),
           ("evalGenericCommand", "processMultibulkBuffer")),
    _python("CPython: pointer types of ctypes",
            "import ctypes\nfor i in range(12000): ctypes.POINTER('name%d' % i)", ("_ctypes",)),
    _python("glibc: setenv with new values",
            "import os\nfor i in range(300000): os.putenv('GROWING', 'value %040d' % i)",
            ("__add_to_environ", "setenv", "putenv")),
    _python("GLib: quarks of new strings",
            "import ctypes\nglib = ctypes.CDLL('libglib-2.0.so.0')\n"
            "for i in range(300000): glib.g_quark_from_string(b'%022d' % i)",
            ("g_quark_from_string",)),
)

CONTROLS = (
    _redis("redis: keys that expire",
           _scripts(400, lambda i: f"SET key{i % 3000} {'v' * 50}{i} PX 300\n")),
    _redis("redis: the same keys again and again",
           _scripts(600, lambda i: f"LPUSH list{i % 20} {i}\nLTRIM list{i % 20} 0 50\n")),
    _python("CPython: cache of limited size",
            "import functools\n"
            "@functools.lru_cache(maxsize=500)\ndef text(i): return 'value %d' % i\n"
            "for i in range(600000): text(i * 7919 % 100003)"),
    _python("CPython: rising load",
            "for n in range(700):\n    rows = [str(i) * 3 for i in range(n * 4)]"),
    _nginx("nginx: the same page", 6000),
    _memcached("memcached: full at half of the run", 24, 3000),
    _python("OpenSSL: cache of 2,048 sessions", _SESSIONS),
    _tool("perl: hash emptied when full", "perl", "-e",
          "for my $i (1 .. 600000) { $h{$i % 5000} = 'x' x ($i % 90); %h = () if $i % 20000 == 0 }"),
    _tool("sqlite3: a table with a bounded page cache", "sqlite3", "base.db",
          stdin=b"create table t(a, b);\npragma cache_size = 50;\n"
          + b"".join(b"insert into t values(%d, 'some text %d');\n" % (i, i) for i in range(3000))),
)

_GIT = """git init -q -b main . && git config user.name A && git config user.email a@example.com
for i in 1 2 3 4 5 6 7 8; do echo $i >> a.txt; git add . && git commit -q -m "change $i"; done"""
_WORDS = "seq 60000 | sed 's/$/ some words of a line/' > words.txt"
_C = "for i in $(seq 300); do echo \"int f$i(int v) { while (v % 7) v += v / 3; return v; }\"; done > a.c"
_KEY = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost"

ORDINARY = (
    _tool("ls", "ls", "-lR", "/usr/share/doc"),
    _tool("sort", "sort", "--parallel=1", "-r", "words.txt", setup=_WORDS),
    _tool("perl", "perl", "-ne", "$n{$_}++ for split; END { print scalar keys %n }", "words.txt",
          setup=_WORDS),
    _tool("git", "git", "log", "--stat", "-p", setup=_GIT),
    _tool("gcc", "gcc", "-O2", "-c", "a.c", setup=_C),
    _tool("python3", PYTHON, "-c",
          "import json, re, collections\n"
          "for n in range(300): json.loads(json.dumps([{'a': i, 'b': str(i)} for i in range(200)]))"),
    _tool("sqlite3", "sqlite3", ":memory:", stdin=b"""create table t(id integer primary key, name);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 60000)
insert into t select i, 'name ' || i from n;
create index by_name on t(name);
select count(*), max(name) from t group by substr(name, 6, 2);
"""),
    _redis("redis", _scripts(500, lambda i: f"SET key{i % 700} {i}\nGET key{i % 300}\n")),
    _nginx("nginx", 1500),
    _tool("openssl", "openssl", "dgst", "-sha256", "-sign", "key.pem", "-out", "signature",
          "cert.pem", setup=_KEY),
    _tool("curl", "curl", "-s", "-o", "copy", "file:///etc/services"),
    _tool("gdb", "gdb", "-nx", "-batch", "-ex", "info functions main", "/usr/bin/ls"),
)


GROUPS = {
    "Leaks of real programs": LEAKS,
    "Real programs whose memory grows or stays, without a leak": CONTROLS,
    "Ordinary programs at ordinary work": ORDINARY,
}


def judge(tool, program):
    """What the tool reports."""
    with tempfile.TemporaryDirectory() as folder:
        return tool.findings(program.job(folder))
