#!/usr/bin/env python3
"""The live trial behind ./run: pbxsim and mivo400sim -> offhookd -> teamsim, and people whose Teams clients come and go.

Everything lives in one scratch folder and one process group; both are gone when this ends."""
import argparse
import ctypes
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

here = pathlib.Path(__file__).resolve().parent
TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "99999999-8888-7777-6666-555555555555"
PEOPLE_BEHAVE = ["active", "active", "active", "inactive", "signed-out", "busy", "presenting"]
PROFILES = ["available", "available", "available", "away", "meeting", "busy", "not-available"]
MIVO_PHONES, MIVO_FIRST = 12, 301
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def die_with_parent():
    """A killed trial must not leave its programs behind (PR_SET_PDEATHSIG = 1)."""
    ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGTERM)


def free_port(wanted):
    for port in (wanted, 0):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return s.getsockname()[1]
            except OSError:
                continue
    raise SystemExit("./run: no free port on 127.0.0.1")


class Trial:
    def __init__(self, options):
        self.build = pathlib.Path(options.build).resolve()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="offhook-run."))
        self.programs = {}
        self.port = free_port(options.port)
        self.options = options

    def start(self, name, *args):
        log = open(self.folder / f"{name}.log", "w")
        path = next(self.build.glob(f"**/{name}"))
        self.programs[name] = subprocess.Popen(
            [path, *map(str, args)], stdout=subprocess.PIPE, stderr=log, text=True, cwd=self.folder,
            stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
        return self.programs[name]

    def facts(self, name, *needed):
        """The NAME=value lines that a simulator prints when it is ready."""
        found = {}
        for line in self.programs[name].stdout:
            key, _, value = line.strip().partition("=")
            found[key] = value.strip("'")
            if all(n in found for n in needed):
                return found
        self.fail(name, "ended before it was ready")

    def fail(self, name, why):
        tail = (self.folder / f"{name}.log").read_text().splitlines()[-15:]
        raise SystemExit("\n".join([f"./run: {name} {why}", *tail]))

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def people(self):
        return [row.split(",")[0] for row in (here / "users.csv").read_text().split("\n")[1:] if row]

    def up(self):
        secret = self.write("acme.secret", "trial-secret\n")
        self.write("hq.secret", "trial-password\n")
        shutil.copy(here / "users.csv", self.folder / "users.csv")
        self.start("teamsim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0",
                   "--tls-dir", self.folder / "tls", "--tenant", TENANT, "--client-id", CLIENT,
                   "--client-secret-file", secret, "--users", self.folder / "users.csv")
        self.teams = self.facts("teamsim", "LOGIN_URL", "GRAPH_URL", "CONTROL", "CA")
        self.start("pbxsim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--phones", 40,
                   "--first", 201, "--username", "offhook", "--password-file", self.folder / "hq.secret",
                   "--calls-per-hour", self.options.calls, "--talk-s", 45)
        self.pbx = self.facts("pbxsim", "SIP", "CONTROL")
        self.write("mivo.secret", "trial-password-2\n")
        self.start("mivo400sim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--phones", MIVO_PHONES,
                   "--first", MIVO_FIRST, "--username", "offhook", "--password-file", self.folder / "mivo.secret",
                   "--calls-per-hour", max(self.options.calls // 3, 1), "--talk-s", 45)
        self.mivo = self.facts("mivo400sim", "CSTA", "CONTROL", "READY")
        self.write("offhook.yaml", f"""\
server:
  listen: 127.0.0.1:{self.port}
  socket: {self.folder}/api.sock
  data: {self.folder}/data
  capacity: 1000
  open_read: yes
accounts:
  - name: acme
    teams:
      tenant: {TENANT}
      client_id: {CLIENT}
      client_secret_file: acme.secret
      login_url: {self.teams['LOGIN_URL']}
      graph_url: {self.teams['GRAPH_URL']}
      ca_file: {self.teams['CA']}
      read_back: 2s
    connectors:
      - name: hq
        type: sip
        server: sip:{self.pbx['SIP']};transport=tcp
        username: offhook
        password_file: hq.secret
      - name: mivo
        type: csta
        server: {self.mivo['CSTA']}
        username: offhook
        password_file: mivo.secret
        profile: both
    users_file: users.csv
""")
        self.start("offhookd", "-c", self.folder / "offhook.yaml")
        self.await_page()

    def await_page(self):
        page = f"http://127.0.0.1:{self.port}/readyz"
        for _ in range(300):
            if self.programs["offhookd"].poll() is not None:
                self.fail("offhookd", "ended")
            try:
                with direct.open(page, timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        self.fail("offhookd", "is not ready after 30 s")

    def tell(self, control, path, **body):
        """One request to a simulator's control API."""
        url = (control if control.startswith("http") else "http://" + control).rstrip("/") + path
        request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with direct.open(request, timeout=5):
            pass

    def client(self, email, state):
        """One person's Teams client does something."""
        self.tell(self.teams["CONTROL"], f"/users/{urllib.parse.quote(email)}/client", state=state)

    def desk(self, rng):
        """Somebody sets a profile or Do Not Disturb at a desk phone of the CSTA switch."""
        phone = rng.randrange(MIVO_FIRST, MIVO_FIRST + MIVO_PHONES)
        if rng.random() < 0.3:
            self.tell(self.mivo["CONTROL"], "/dnd", phone=phone, on=rng.random() < 0.4)
        else:
            self.tell(self.mivo["CONTROL"], "/profile", phone=phone, profile=rng.choice(PROFILES))

    def profile(self, email, state, until):
        """One person sets a profile, the way an operator would."""
        offhook = next(self.build.glob("**/offhook"))
        subprocess.run([offhook, "-c", self.folder / "offhook.yaml", "set", email, state, "--until", until],
                       check=True, stdout=subprocess.DEVNULL)

    def first_password(self):
        """What the daemon says once, at its first start."""
        for line in (self.folder / "offhookd.log").read_text().splitlines():
            if "one-time password" in line:
                return line.removeprefix("<5>")
        return "offhook password-reset admin"

    def live(self):
        rng = random.Random(7)
        people = self.people()
        for email in people:
            self.client(email, rng.choice(PEOPLE_BEHAVE))
        for state, until in (("away", "20m"), ("busy", "5m"), ("not-available", "2h")):
            self.profile(rng.choice(people), state, until)
        print(f"Offhook is live: http://127.0.0.1:{self.port}/   ({len(people)} people; Ctrl-C ends it)", flush=True)
        print(f"  the command line: {self.build}/src/cli/offhook -c {self.folder}/offhook.yaml status   (logs beside it)", flush=True)
        print(f"  to change things on the page: {self.first_password()}", flush=True)
        while True:
            time.sleep(2)
            for name, program in self.programs.items():
                if program.poll() is not None:
                    self.fail(name, f"ended with status {program.returncode}")
            self.client(rng.choice(people), rng.choice(PEOPLE_BEHAVE))
            if rng.random() < 0.2:
                self.desk(rng)

    def down(self):
        for program in reversed(list(self.programs.values())):
            program.terminate()
        for program in self.programs.values():
            try:
                program.wait(5)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(prog="./run", description="Offhook's live trial on this machine")
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=8470, help="of the page (default 8470, another when taken)")
    parser.add_argument("--calls", type=int, default=600, help="calls an hour over all phones")
    trial = Trial(parser.parse_args())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(0))
    try:
        trial.up()
        trial.live()
    except KeyboardInterrupt:
        print()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        trial.down()


if __name__ == "__main__":
    main()
