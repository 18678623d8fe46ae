#!/usr/bin/env python3
"""What busy and Do not disturb mean, working hours and status messages, with the real daemon and the stand-in for Teams:
groups and people with rules of their own, the preferred state that is renewed and given back only while it is ours."""
import contextlib
import datetime
import json
import os
import sqlite3
import time
import zoneinfo

from stage import Stage, Tap, await_that, free_ports, http

ANA, BEN, CYD, DAN, EVA = (f"{n}@acme.example" for n in ("ana", "ben", "cyd", "dan", "eva"))
TOKEN = "a-token-of-the-crm"


class World:
    def __init__(self, stage):
        self.stage = stage
        self.hooks, = free_ports(1)
        stage.write("crm.token", TOKEN + "\n")
        stage.teams_up({e: e.split("@")[0].title() for e in (ANA, BEN, CYD, DAN, EVA)})

    def up(self, policy="", groups="", users=None, mode="live", extra=""):
        lines = {ANA: "1", BEN: "2", CYD: "3", DAN: "4", EVA: "5"}
        people = "".join(f"      - {{ email: {e}, lines: [crm/{n}]{(users or {}).get(e, '')} }}\n" for e, n in lines.items())
        self.yaml = f"""\
  - name: acme
{self.stage.teams_yaml()}\
    mode: {mode}
{extra}\
    policy: {{ {policy} }}
{groups}\
    connectors:
      - {{ name: crm, type: webhook, token_file: crm.token }}
    users:
{people}"""
        return self.yaml

    def start(self, **how):
        self.up(**how)
        self.stage.daemon_up(self.yaml, server=f"  webhooks: 127.0.0.1:{self.hooks}\n")

    def reload(self, **how):
        old = self.yaml
        path = self.stage.folder / "offhook.yaml"
        path.write_text(path.read_text().replace(old, self.up(**how)))
        return self.stage.offhook("reload", check=False)

    def line(self, number, **body):
        import urllib.request
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.hooks}/api/v1/accounts/acme/connectors/crm/lines/{number}/state",
            json.dumps(body).encode(), {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}, method="POST")
        with contextlib.closing(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=120)) as a:
            assert a.status < 300, a.status

    def pair(self, email):
        u = self.stage.teams_user(email)
        return f"{u['availability']}/{u['activity']}"

    def shows(self, email, pair):
        await_that(f"{email} shows {pair}", lambda: self.pair(email) == pair)

    def message(self, email, text):
        await_that(f"{email}'s message is {text!r}", lambda: self.stage.teams_user(email)["message"] == text)

    def write_message(self, email, text):
        self.stage.teams_control("POST", f"/users/{email}/message", {"text": text})

    def requests(self, end, email=None):
        log = self.stage.teams_control("GET", "/log?n=2000")["log"]
        of = self.stage.teams_user(email)["id"] if email else ""
        return [r for r in log if r["path"].endswith(end) and of in r["path"]]


def meanings(tap, w, stage):
    w.start(policy="busy: in-a-call, dnd: presenting", groups="""\
    groups:
      - { name: desk, policy: { busy: dnd } }
      - { name: lab, policy: { dnd: preferred, not_available: dnd } }
""", users={BEN: ", group: desk", CYD: ", group: lab", DAN: ", group: desk, policy: { dnd: preferred }"})
    for n in "12345":
        w.line(n, state="idle")
    for e in (ANA, BEN, CYD, DAN):
        stage.client(e, "active")
    with tap.case("a call: Busy by the account, Do not disturb by the group, so that Teams does not ring"):
        w.line("1", state="busy")
        w.line("2", state="busy")
        w.shows(ANA, "Busy/InACall")
        w.shows(BEN, "DoNotDisturb/Presenting")
    with tap.case("Do not disturb at the PBX: Presenting, or by group or person the preferred state too"):
        w.line("1", state="idle", dnd=True)
        w.line("3", state="idle", dnd=True)
        w.line("4", state="busy", dnd=True)
        w.shows(ANA, "DoNotDisturb/Presenting")
        w.shows(CYD, "DoNotDisturb/DoNotDisturb")
        w.shows(DAN, "DoNotDisturb/DoNotDisturb")
    with tap.case("it is given back: the person is as their client says, and nothing preferred is left"):
        w.line("3", state="idle", dnd=False)
        w.shows(CYD, "Available/Available")
        await_that("given back", lambda: stage.teams_user(CYD)["preferred"] is None)
    with tap.case("what the person pins by hand meanwhile stays theirs when the cause ends"):
        w.line("3", state="idle", dnd=True)
        w.shows(CYD, "DoNotDisturb/DoNotDisturb")
        stage.pin(CYD, "BeRightBack")
        w.line("3", state="idle", dnd=False)
        await_that("our session is gone", lambda: stage.teams_user(CYD)["session"] is None)
        await_that("it is over", lambda: not stage.explained(CYD)["graph"]["preferred"])
        assert stage.teams_user(CYD)["preferred"]["availability"] == "BeRightBack", stage.teams_user(CYD)
        stage.pin(CYD, None)
    with tap.case("that it was ours is remembered over kill -9"):
        w.line("3", state="idle", dnd=True)
        w.shows(CYD, "DoNotDisturb/DoNotDisturb")
        stage.await_stored(CYD, 3)
        def marked():
            with contextlib.closing(sqlite3.connect(f"file:{stage.folder}/data/offhook.db?mode=ro", uri=True)) as db:
                return db.execute("SELECT preferred FROM users WHERE email = ?", (CYD,)).fetchone() == (1,)
        await_that("stored as ours", marked)
        stage.kill("offhookd")
        stage.daemon_start()
        for n in "12345":
            w.line(n, state="idle", dnd=False)
        w.shows(CYD, "Available/Available")
        await_that("given back", lambda: stage.teams_user(CYD)["preferred"] is None)
    with tap.case("a profile's end is carried: the preferred state ends by itself then, though the daemon is dead"):
        begun = time.monotonic()
        stage.offhook("set", CYD, "not-available", "--until", "3h")
        w.shows(CYD, "DoNotDisturb/DoNotDisturb")
        life = w.requests("/setUserPreferredPresence", CYD)[-1]["summary"]
        minutes = int((time.monotonic() - begun) / 60) + 1  # that this may have taken
        assert life.endswith(tuple(f"PT{180 - m}M" for m in range(minutes + 1))), life
        stage.offhook("set", CYD, "available")
        w.shows(CYD, "Available/Available")
    stage.kill("offhookd", 15)


def hours(tap, w, stage):
    zone = zoneinfo.ZoneInfo("Pacific/Kiritimati")
    today = datetime.datetime.now(zone).date()
    days = [(today + datetime.timedelta(days=d)).isoformat() for d in (-1, 0, 1)]
    always = "zone: Pacific/Kiritimati, open: [\"daily 00:00-24:00\"]"
    stage.write("holidays.txt", "# this test\n" + "".join(f"{d} a holiday\n" for d in days))
    for e in (ANA, BEN, CYD):
        stage.client(e, "signed-out")
    w.start(policy=f"hours: {{ {always} }}", users={BEN: ", policy: { hours: { holidays_file: holidays.txt } }"})
    with tap.case("within working hours a call is sent; on a holiday of the file nothing is"):
        for n in "123":
            w.line(n, state="busy")
        w.shows(ANA, "Busy/InACall")
        await_that("combined", lambda: stage.explained(BEN)["combined"] == "busy")
        assert "outside working hours" in json.dumps(stage.explained(BEN)), stage.explained(BEN)
        assert "outside working hours" in stage.offhook("explain", BEN).stdout
        assert not w.requests("/setPresence", BEN)[-1:] or w.pair(BEN) == "Offline/Offline"
        assert w.pair(BEN) == "Offline/Offline", w.pair(BEN)
    with tap.case("they end: what is held is given back, or with outside: nothing ends with its lease"):
        off = f"{always}, holidays: [{', '.join(days)}]"
        clears = len(w.requests("/clearPresence", CYD))
        sets = len(w.requests("/setPresence", CYD))
        assert w.reload(policy=f"hours: {{ {off} }}", users={CYD: ", policy: { hours: { outside: nothing } }"}).returncode == 0
        w.shows(ANA, "Offline/Offline")
        assert w.pair(CYD) == "Busy/InACall", w.pair(CYD)
        w.line("3", state="idle")
        await_that("idle", lambda: stage.explained(CYD)["combined"] == "available")
        w.line("1", state="idle")
        w.line("1", state="busy")
        await_that("busy again", lambda: stage.explained(ANA)["combined"] == "busy")
        assert w.pair(ANA) == "Offline/Offline"
        assert len(w.requests("/clearPresence", CYD)) == clears and len(w.requests("/setPresence", CYD)) == sets
    with tap.case("they open again: what is true is sent"):
        assert w.reload(policy=f"hours: {{ {always} }}").returncode == 0
        w.shows(ANA, "Busy/InACall")
        w.shows(CYD, "Offline/Offline")
    with tap.case("a zone that is none is refused with its name; the old rules stay"):
        refused = w.reload(policy="hours: { zone: Europe/Atlantis, open: [daily 08:00-17:00] }")
        assert refused.returncode and "Europe/Atlantis" in refused.stdout + refused.stderr, refused
        assert w.pair(ANA) == "Busy/InACall"
    stage.kill("offhookd", 15)


def texts(tap, w, stage):
    w.start(policy="status_text: { call: On the phone, dnd: \"Quiet, please\" }", extra="    tell_absence: yes\n",
            users={BEN: ", policy: { status_text: { away: \"Away[ until {until}]\" }, hours: { zone: Europe/Berlin } }"})
    for n in "12345":
        w.line(n, state="idle", dnd=False)
    with tap.case("a call has its text, with an expiry, and the person's own is put back after it"):
        w.write_message(ANA, "Fridays off")
        w.line("1", state="busy")
        w.message(ANA, "On the phone")
        assert 0 < stage.teams_user(ANA)["message_ends_in_s"] <= 3600, stage.teams_user(ANA)
        w.line("1", state="idle")
        w.message(ANA, "Fridays off")
        assert stage.teams_user(ANA)["message_ends_in_s"] is None, stage.teams_user(ANA)
    with tap.case("who had none has none afterwards"):
        w.line("2", state="busy")
        w.message(BEN, "On the phone")
        w.line("2", state="idle")
        w.message(BEN, None)
    with tap.case("what the person writes meanwhile is theirs"):
        w.line("1", state="busy")
        w.message(ANA, "On the phone")
        w.write_message(ANA, "Ask Ben")
        w.line("1", state="idle")
        await_that("over", lambda: stage.explained(ANA)["graph"]["status_text"] == "none")
        await_that("nothing of ours", lambda: not stage.explained(ANA)["graph"]["status_text_ours"])
        w.message(ANA, "Ask Ben")
    with tap.case("kill -9 in the call: the person's own is not lost"):
        w.line("1", state="busy")
        w.message(ANA, "On the phone")
        def stored():
            with contextlib.closing(sqlite3.connect(f"file:{stage.folder}/data/offhook.db?mode=ro", uri=True)) as db:
                return db.execute("SELECT ours, former FROM texts WHERE email = ?", (ANA,)).fetchone()
        await_that("stored", lambda: stored() == ("On the phone", "Ask Ben"))
        stage.kill("offhookd")
        stage.daemon_start()
        for n in "2345":
            w.line(n, state="idle")
        w.line("1", state="busy")
        await_that("known again", lambda: stage.explained(ANA)["graph"]["status_text"] == "call")
        w.line("1", state="idle")
        w.message(ANA, "Ask Ben")
        await_that("forgotten", lambda: stored() is None)
    with tap.case("a profile's end stands in the text, in the person's zone"):
        berlin = lambda: datetime.datetime.now(zoneinfo.ZoneInfo("Europe/Berlin")) + datetime.timedelta(hours=2)
        first = berlin()
        stage.offhook("set", BEN, "away", "--until", "2h")
        await_that("set", lambda: (stage.teams_user(BEN)["message"] or "").startswith("Away until "))
        last, user = berlin(), stage.teams_user(BEN)
        took = (last - first).total_seconds()
        near = {(first + datetime.timedelta(seconds=s)).strftime("%H:%M") for s in range(int(took) + 2)}
        assert user["message"][-5:] in near, (user["message"], near)
        assert 7200 - took - 60 < user["message_ends_in_s"] < 7400, (user["message_ends_in_s"], took)
        stage.offhook("set", BEN, "available")
        w.message(BEN, None)
    with tap.case("the reason of an absence only where the account allows it; nothing else can be named"):
        refused = w.reload(policy="status_text: { away: Gone fishing }")
        assert refused.returncode and "tell_absence" in refused.stdout + refused.stderr, refused
        refused = w.reload(policy="status_text: { call: \"Talks to {number}\" }")
        assert refused.returncode and "no number" in refused.stdout + refused.stderr, refused
    with tap.case("a person who leaves gets their own back"):
        w.line("1", state="busy")
        w.message(ANA, "On the phone")
        assert w.reload(policy="status_text: { call: On the phone }", users={ANA: ", enabled: no"}).returncode == 0
        w.message(ANA, "Ask Ben")
    stage.kill("offhookd", 15)


def main():
    tap = Tap()
    with Stage("meaning") as stage:
        w = World(stage)
        meanings(tap, w, stage)
        hours(tap, w, stage)
        texts(tap, w, stage)
    tap.done()


if __name__ == "__main__":
    main()
