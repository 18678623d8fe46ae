#!/usr/bin/env python3
"""The console in Debian's Chromium, through the real daemon, teamsim and pbxsim: every page light, dark, narrow and in
German (axe, screenshots in console/ of the build folder), and what people do with it. TAP.

console_test.py [files|first|races|pages|me|live] runs a part."""
import contextlib
import email.message
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request

import sentences
from mivo import Mivo
from stage import BUILD, CLIENT, SOURCE, TENANT, Stage, Tap, await_that, direct, note

WEB = SOURCE / "src" / "admin" / "web"
TESTS = SOURCE / "tests" / "e2e"
CHOSEN = "a sentence is a good password"
CALLER, NUMBER, MASKED, MANY = "ana@acme.example", 201, "mia@acme.example", 10000
PEOPLE = {CALLER: "Ana Alder", MASKED: "Mia Masked", "ben@acme.example": "Ben Berg", "new.one@acme.example": "New One",
          "bulk.a@acme.example": "Bulk A", "bulk.b@acme.example": "Bulk B"}
MISSING = []


def node(*args):
    return subprocess.run(["node", *map(str, args)], cwd=TESTS, capture_output=True, text=True, timeout=600)


def files(tap):
    with tap.case("the types of the page's modules hold (tsc)"):
        done = node("node_modules/typescript/bin/tsc", "-p", "console/tsconfig.json")
        assert done.returncode == 0, done.stdout + done.stderr
    with tap.case("the languages have the same keys, and all are used"):
        done = node("console/texts.mjs", WEB)
        assert done.returncode == 0, done.stdout + done.stderr
    with tap.case("what the daemon refuses with has a code, so that a page can say it"):
        assert len(list(sentences.written(SOURCE))) > 300, "the sentences could not be read"
        missing = sentences.unknown(SOURCE)
        assert not missing, "no row of src/admin/said.def has:\n" + "\n".join(missing)
    with tap.case("nothing is inline, nothing comes from elsewhere"):
        for path in WEB.rglob("*"):
            if path.is_file() and path.name != "meson.build":
                text = path.read_text().replace("http://www.w3.org/2000/svg", "")
                found = re.search(r"https?://|\sstyle=|<style|\son[a-z]+=\"|innerHTML|eval\(|insertAdjacentHTML", text)
                assert not found, f"{path.relative_to(WEB)}: {found.group(0)}"
    with tap.case("every file of the page is embedded"):
        listed = set(re.findall(r"'([\w/.]+\.(?:js|css|svg|html))'", (WEB / "meson.build").read_text()))
        there = {p.relative_to(WEB).as_posix() for p in WEB.rglob("*") if p.is_file() and p.name != "meson.build"}
        assert listed == there, f"listed and there differ in {listed ^ there}"


def http_head(fields):
    """Header fields, found whatever their case is."""
    head = email.message.Message()
    for name, value in fields.items():
        head[name] = value
    return head


class Console:
    """One stage for the browser: acme is live, bravo is switched off and has ten thousand people."""

    def __init__(self, stage, tap):
        self.stage, self.tap = stage, tap

    def peers(self):
        s = self.stage
        s.teams_up(PEOPLE)
        s.write("hq.secret", "trial-password\n")
        s.start("pbxsim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--phones", 12, "--first", 201,
                "--username", "offhook", "--password-file", s.folder / "hq.secret")
        self.pbx = s.facts("pbxsim", "SIP", "CONTROL")

    def started(self):
        log = (self.stage.folder / "offhookd.log").read_text()
        self.password = re.search(r"one-time password (\S+) at", log).group(1)
        self.url = f"http://127.0.0.1:{self.stage.port}"
        self.stage.described()  # while it runs: the browser has it taken down

    def first(self):
        """Nothing is configured."""
        self.peers()
        self.stage.daemon_up("  []\n")
        self.started()

    def up(self, many):
        s = self.stage
        self.peers()
        s.write("acme.csv", "email,name,lines\n" + "".join(
            f"{e},{n},hq/{NUMBER + i}\n" for i, (e, n) in enumerate(PEOPLE.items()) if not e.startswith("new.")))
        s.write("bravo.csv", "email,name\n" + "".join(
            f"mass.{i}@bravo.example,Mass {i}\n" for i in range(MANY if many else 3)))
        s.daemon_up(f"""\
  - name: acme
{s.teams_yaml()}
      read_back: 1s
    sign_in: {{ microsoft: yes }}
    connectors:
      - {{ name: hq, type: sip, server: "sip:{self.pbx['SIP']};transport=tcp", username: offhook, password_file: hq.secret }}
    users_file: acme.csv
  - name: bravo
    mode: "off"
{s.teams_yaml()}
    users_file: bravo.csv
""", capacity=MANY + 1000)
        self.started()
        s.client(MASKED, "active")
        s.pin(MASKED, "Offline")
        self.call(NUMBER + 1)
        await_that("the masked person is known", lambda: s.explained(MASKED)["shown"] == "masked")

    def call(self, number):
        body = json.dumps({"from": number, "to": number + 8, "dial_ms": 0, "ring_ms": 0}).encode()
        with direct.open(urllib.request.Request(f"http://{self.pbx['CONTROL']}/call", body)):
            pass

    def refusing(self):
        """The caller gets a second phone, on a PBX that takes no profile."""
        s = self.stage
        desk = f'      - {{ name: desk, type: csta, server: "{Mivo(s, "--profile-form", "refused").address}", profile: write }}\n'
        config, people = s.folder / "offhook.yaml", s.folder / "acme.csv"
        config.write_text(config.read_text().replace("    users_file: acme.csv", desk + "    users_file: acme.csv"))
        people.write_text(people.read_text().replace(f"hq/{NUMBER}\n", f"hq/{NUMBER} desk/201\n"))
        s.offhook("reload")
        await_that("the second phone reports", lambda: [l["sync"] for l in s.explained(CALLER)["lines"]] == ["synced"] * 2)

    def do(self, what):
        """A word of the browser's test; answers one line."""
        verb, _, rest = what.partition(" ")
        if verb == "down":
            self.stage.kill("offhookd")
            return "done"
        if verb == "up":
            self.stage.daemon_start()
            return "done"
        if verb in ("spoil", "mend"):
            config = self.stage.folder / "offhook.yaml"
            text = config.read_text().replace("\nodd: key\n", "")
            config.write_text(text + ("\nodd: key\n" if verb == "spoil" else ""))
            self.stage.offhook("reload", check=False)
            return "done"
        if verb == "refusing":
            self.refusing()
            return "done"
        if verb == "administrator":
            wanted = json.loads(rest)
            grant = wanted["grants"][0]
            account = [] if grant["account"] == "*" else ["--account", grant["account"]]
            said = self.stage.offhook("--json", "administrators", "add", wanted["name"], "--role", grant["role"], *account)
            return json.loads(said.stdout)["one_time_password"]
        raise AssertionError(f"the browser asks for {what}")

    def browser(self, script):
        facts = {"url": self.url, "pbx": self.pbx["CONTROL"], "teams": self.stage.teams["CONTROL"], "password": self.password,
                 "chosen": CHOSEN, "caller": CALLER, "number": NUMBER, "masked": MASKED, "many": MANY, "missing": MISSING,
                 "tenant": TENANT, "client": CLIENT, "secret": "e2e-secret", "pbx_password": "trial-password",
                 "login_url": self.stage.teams["LOGIN_URL"], "graph_url": self.stage.teams["GRAPH_URL"],
                 "ca": open(self.stage.teams["CA"]).read(), "server": f"sip:{self.pbx['SIP']};transport=tcp",
                 "web": str(WEB), "shots": str(BUILD / "console"), "answers": str(self.stage.folder / "answers"), "chromium": shutil.which("chromium")}
        with subprocess.Popen(["node", TESTS / "console" / script], cwd=TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, env={**os.environ, "OFFHOOK_CONSOLE": json.dumps(facts)}) as run:
            self.relay(run)
        if run.returncode:
            self.tap.ok(False, f"{script} ends well", f"status {run.returncode}")
        with self.tap.case(f"{script}: what the page was answered is as the API describes it"):
            self.judge()

    def judge(self):
        """The answers that the browser wrote down, and at least some of them."""
        path = self.stage.folder / "answers"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        path.unlink()
        for row in rows:
            self.stage.answered(row["method"], row["target"], row["status"], http_head(row["head"]), row["text"],
                                json.loads(row["sent"]) if row["sent"] else None)
        note(f"{len(rows)} answers")
        assert len(rows) > 10 and not self.stage.misfits, "\n".join(self.stage.misfits)

    def relay(self, run):
        """The browser's lines become ours; a comment below a failure is its reason."""
        failed, why = None, []

        def settle():
            nonlocal failed, why
            if failed:
                self.tap.ok(False, failed, "\n".join(why))
            failed, why = None, []

        for line in run.stdout:
            line = line.rstrip("\n")
            if line.startswith("@"):
                run.stdin.write(self.do(line[1:]) + "\n")
                run.stdin.flush()
            elif line.startswith("ok - "):
                settle()
                self.tap.ok(True, line[5:])
            elif line.startswith("not ok - "):
                settle()
                failed = line[9:]
            elif failed:
                why.append(line.removeprefix("# "))
            else:
                note(line.removeprefix("# "))
        settle()


def driven(tap, scripts, set_up):
    with Stage("console") as stage:
        console = Console(stage, tap)
        with tap.case(f"{scripts[0]}: the stage is set"):
            set_up(console)
        for script in scripts:
            console.browser(script)
        with contextlib.suppress(OSError):
            if os.environ.get("OFFHOOK_KEEP"):
                note(f"kept: {stage.folder}")


def main():
    tap, part = Tap(), sys.argv[1] if len(sys.argv) > 1 else ""
    if part in ("", "files"):
        files(tap)
    if part in ("", "first"):
        driven(tap, ["first.mjs"], Console.first)
    if part in ("", "races"):
        driven(tap, ["races.mjs"], Console.first)
    if part in ("", "pages", "me"):
        driven(tap, ["me.mjs"] if part == "me" else ["pages.mjs", "me.mjs"], lambda c: c.up(False))
    if part in ("", "live"):
        driven(tap, ["live.mjs"], lambda c: c.up(True))
    tap.done()


if __name__ == "__main__":
    main()
