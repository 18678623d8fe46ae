"""stage.py - what the end-to-end tests share: TAP, a scratch folder, programs, and waiting for conditions.

Nothing here waits for a duration: `await_that` polls a condition until it holds or a generous limit is over. The
limit says when a test has failed, not how fast a machine has to be: no test names a shorter one."""
import contextlib
import ctypes
import fcntl
import http.client as http_client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.parse
import urllib.request

import openapi

SOURCE = pathlib.Path(os.environ.get("OFFHOOK_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("OFFHOOK_BUILD", SOURCE / "build-test"))
SHARED = SOURCE.parent / "shared" / "peers"
PEERS = SOURCE / "tests" / "peers"
TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "99999999-8888-7777-6666-555555555555"
LIMIT_S = float(os.environ.get("OFFHOOK_WAIT", "180"))
for name, value in (("ASAN_OPTIONS", "detect_leaks=1:abort_on_error=0"),  # run by hand as `meson test` runs it
                    ("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")):
    os.environ.setdefault(name, value)
failed_cases = []  # of this test, over all its stages
SANITIZED = re.compile(r"runtime error:|ERROR: \w+Sanitizer|CHECK failed")
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
stages = {}  # by the port of the daemon's API


class Tap:
    """Test Anything Protocol; a failed case prints why and the run goes on."""

    def __init__(self):
        self.n = 0

    def ok(self, good, name, why=""):
        self.n += 1
        if not good:
            failed_cases.append(name)
        print(f"{'ok' if good else 'not ok'} {self.n} - {name}", flush=True)
        for line in str(why).splitlines() if not good else []:
            print(f"# {line}", flush=True)
        return good

    def skip(self, name, why):
        self.n += 1
        print(f"ok {self.n} - {name} # SKIP {why}", flush=True)

    @contextlib.contextmanager
    def case(self, name):
        try:
            yield
        except Exception as e:
            self.ok(False, name, "".join(traceback.format_exception(e)))
        else:
            self.ok(True, name)

    def done(self):
        print(f"1..{self.n}", flush=True)


def note(text):
    print(f"# {text}", flush=True)


def await_that(what, condition, limit_s=LIMIT_S):
    """The condition's first true value. It may raise while things are still coming up."""
    limit_s = max(limit_s, LIMIT_S)
    end = time.monotonic() + limit_s
    last = None
    while True:
        try:
            last = condition()
            if last:
                return last
        except (OSError, http_client.HTTPException, KeyError, ValueError, sqlite3.Error) as e:
            last = e
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {limit_s:.0f} s; last: {last!r}")
        time.sleep(0.05)


PORTS = range(20000, 32000)  # below what the kernel gives away by itself
held = []  # locks on the ports that this test has taken, until it ends


def lock_port(port):
    """True when the port is free for TCP and UDP, and no test that runs beside this one takes it until this one has
    ended."""
    folder = pathlib.Path(tempfile.gettempdir()) / "offhook-test-ports"
    folder.mkdir(mode=0o777, exist_ok=True)
    lock = open(folder / str(port), "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as s:
                s.bind(("127.0.0.1", port))
    except OSError:
        lock.close()
        return False
    held.append(lock)
    return True


def free_ports(n):
    """Ports for programs that cannot take any and say which."""
    ports = []
    while len(ports) < n:
        port = random.choice(PORTS)
        if lock_port(port):
            ports.append(port)
    return ports


def http(method, url, body=None, timeout=LIMIT_S):
    """(status, parsed JSON or text). What a daemon's API answers is held against its own description."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with direct.open(request, timeout=timeout) as answer:
            status, head, text = answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as e:
        status, head, text = e.code, e.headers, e.read().decode()
    at = urllib.parse.urlsplit(url)
    if at.port in stages:
        stages[at.port].answered(method, at.path + ("?" + at.query if at.query else ""), status, head, text, body)
    with contextlib.suppress(ValueError):
        return status, json.loads(text)
    return status, text


class Socket(http_client.HTTPConnection):
    """HTTP over a UNIX socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=LIMIT_S)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


def die_with_parent():
    ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL)


class Stage:
    """A scratch folder with programs in it; all of it is gone at the end."""

    def __init__(self, name):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"offhook-{name}."))
        self.programs = {}
        self.undo = []
        self.document = None  # the API's own description, once it was needed
        self.misfits = []

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if failure[0] or failed_cases:
            self.show_logs()
        for program in reversed(list(self.programs.values())):
            if program.poll() is None:
                program.terminate()
        for name, program in self.programs.items():
            try:
                program.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                note(f"{name} did not end on SIGTERM")
                program.kill()
                program.wait()
        for undo in reversed(self.undo):
            undo()
        found = self.sanitized()
        stages.pop(getattr(self, "port", None), None)
        if not os.environ.get("OFFHOOK_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

        if found:
            raise AssertionError(f"a program broke:\n{found}")
        if self.misfits:
            raise AssertionError("answers that are not as GET /api/v1/openapi.json has them:\n" + "\n".join(self.misfits))

    def described(self):
        """The API's description, as the daemon gives it; read once."""
        if not self.document:
            c = Socket(self.folder / "api.sock")
            with contextlib.closing(c):
                c.request("GET", "/api/v1/openapi.json")
                self.document = openapi.Document(json.loads(c.getresponse().read()))
        return self.document

    def answered(self, method, target, status, head, text, sent=None):
        """Holds an answer of the API against the description; sent: the JSON that was asked with."""
        with contextlib.suppress(OSError, http_client.HTTPException):  # the daemon may have gone meanwhile
            for fault in self.described().judge(method, target, status, head, text, sent):
                if fault not in self.misfits:
                    self.misfits.append(fault)
                    note(f"not as described: {fault}")

    def sanitized(self):
        """What a sanitizer said of a program; a test may pass beside it."""
        for log in sorted(self.folder.glob("*.log")):
            text = log.read_text(errors="replace")
            found = SANITIZED.search(text)
            if found:
                return text[found.start() - 200 if found.start() > 200 else 0:found.start() + 3000]
        return None

    def show_logs(self, lines=40):
        for log in sorted(self.folder.glob("*.log")):
            note(f"--- {log.name}")
            for line in log.read_text(errors="replace").splitlines()[-lines:]:
                note(line)

    def write(self, name, text, mode=0o600):
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def binary(self, name):
        for room in ("src/daemon", "src/cli", "sim/bin"):
            if (BUILD / room / name).exists():
                return BUILD / room / name
        raise SystemExit(f"Bail out! {name} is not built in {BUILD}")

    def start(self, name, *args, label=None, env=None):
        label = label or name
        log = open(self.folder / f"{label}.log", "a")
        path = name if isinstance(name, pathlib.Path) or "/" in str(name) else self.binary(name)
        self.programs[label] = subprocess.Popen(
            [str(path), *map(str, args)], stdout=subprocess.PIPE, stderr=log, text=True, cwd=self.folder,
            stdin=subprocess.DEVNULL, preexec_fn=die_with_parent, env={**os.environ, **(env or {})})
        return self.programs[label]

    def kill(self, label, sig=signal.SIGKILL):
        program = self.programs.pop(label)
        program.send_signal(sig)
        return program.wait(LIMIT_S)

    def facts(self, label, *needed):
        """The NAME=value lines that a program prints when it is ready."""
        found = {}
        for line in self.programs[label].stdout:
            key, _, value = line.strip().partition("=")
            found[key] = value.strip("'")
            if all(n in found for n in needed):
                return found
        raise AssertionError(f"{label} ended before it was ready")

    def run(self, *args, check=True, text=None):
        done = subprocess.run([str(a) for a in args], cwd=self.folder, capture_output=True, text=True,
                              input=text if text is not None else "", timeout=300)
        if check and done.returncode:
            raise AssertionError(f"{args} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    # ---- the stand-in for Microsoft Teams ----

    def teams_up(self, users):
        """users: e-mail -> name"""
        secret = self.write("acme.secret", "e2e-secret\n")
        csv = self.write("directory.csv", "email,name\n" + "".join(f"{e},{n}\n" for e, n in users.items()))
        self.start("teamsim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--tls-dir",
                   self.folder / "tls", "--tenant", TENANT, "--client-id", CLIENT,
                   "--client-secret-file", secret, "--users", csv)
        self.teams = self.facts("teamsim", "LOGIN_URL", "GRAPH_URL", "CONTROL", "CA")
        return self.teams

    def teams_control(self, method, path, body=None):
        base = self.teams["CONTROL"].rstrip("/")
        status, answer = http(method, (base if "://" in base else "http://" + base) + path, body)
        if status >= 300:
            raise AssertionError(f"teamsim {method} {path}: {status} {answer}")
        return answer

    def client(self, email, state):
        self.teams_control("POST", f"/users/{urllib.parse.quote(email)}/client", {"state": state})

    def pin(self, email, availability):
        self.teams_control("POST", f"/users/{urllib.parse.quote(email)}/pin", {"availability": availability})

    def teams_user(self, email):
        users = self.teams_control("GET", "/state")["users"]
        return next(u for u in users if u["email"] == email)

    # ---- the daemon ----

    def teams_yaml(self, extra=""):
        return f"""\
    teams:
      tenant: {TENANT}
      client_id: {CLIENT}
      client_secret_file: acme.secret
      login_url: {self.teams['LOGIN_URL']}
      graph_url: {self.teams['GRAPH_URL']}
      ca_file: {self.teams['CA']}
{extra}"""

    def daemon_up(self, accounts, label="offhookd", wait=True, server="", open_read="yes", top="", capacity=1000):
        """accounts: the YAML below `accounts:`; server: further lines below `server:`; open_read: TCP may be read
        without signing in; top: other groups"""
        self.daemon_yaml(accounts, server, top, open_read, capacity)
        return self.daemon_start(label, wait)

    def daemon_yaml(self, accounts, server="", top="", open_read="yes", capacity=1000):
        if not hasattr(self, "port"):
            self.port, = free_ports(1)
        stages[self.port] = self
        self.write("offhook.yaml", f"""\
server:
  listen: 127.0.0.1:{self.port}
  socket: {self.folder}/api.sock
  data: {self.folder}/data
  capacity: {capacity}
  open_read: {open_read}
{server}{top}accounts:
{accounts}""")

    def daemon_start(self, label="offhookd", wait=True):
        program = self.start("offhookd", "-c", self.folder / "offhook.yaml", label=label)
        if wait:
            def answering():
                if program.poll() is not None:
                    raise SystemExit(f"Bail out! offhookd ended with {program.returncode}: "
                                     + (self.folder / f"{label}.log").read_text()[-3000:])
                return http("GET", f"http://127.0.0.1:{self.port}/readyz")[0] == 200
            await_that("offhookd is ready", answering)
        return program

    def metrics(self):
        with direct.open(f"http://127.0.0.1:{self.port}/metrics") as answer:
            return answer.read().decode()

    def await_stored(self, email, session):
        """The store has committed that this session (its number, 0: none) is surely held: commits are batched."""
        def held():
            with contextlib.closing(sqlite3.connect(f"file:{self.folder}/data/offhook.db?mode=ro", uri=True)) as db:
                row = db.execute("SELECT session, sure FROM users WHERE email = ?", (email,)).fetchone()
            return row and row == (session, int(session != 0))
        await_that(f"the store has session {session}", held)

    def stored(self, table):
        """Rows of a table, as committed."""
        with contextlib.closing(sqlite3.connect(f"file:{self.folder}/data/offhook.db?mode=ro", uri=True)) as db:
            return db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    def await_held_as(self, teams_id):
        """The store has committed that what it holds last is held under this Microsoft id, and nothing else."""
        def held():
            with contextlib.closing(sqlite3.connect(f"file:{self.folder}/data/offhook.db?mode=ro", uri=True)) as db:
                return [row[0].lower() for row in db.execute("SELECT id FROM held")]
        await_that(f"the store has it held as {teams_id}", lambda: held() == [teams_id.lower()])

    def offhook(self, *args, check=True):
        return self.run(self.binary("offhook"), "--socket", self.folder / "api.sock", *args, check=check)

    def api(self, path):
        status, answer = http("GET", f"http://127.0.0.1:{self.port}/api/v1{path}")
        if status != 200:
            raise KeyError(f"{path}: {status} {answer}")
        return answer

    def explained(self, email, account="acme"):
        status, answer = http("GET", f"http://127.0.0.1:{self.port}/api/v1/accounts/{account}/users/"
                              + urllib.parse.quote(email))
        if status != 200:
            raise KeyError(f"{email}: {status} {answer}")
        return answer
