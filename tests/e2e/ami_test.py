#!/usr/bin/env python3
"""The AMI connector with real Asterisks 22 and 16: the cases of doc/presence-rules.md with Do Not Disturb and profile
set at the PBX, FreePBX's places, the profile both ways, restarts, 1,000 hints, an account that may only read. Needs the
peers beside the project (../shared/peers); skipped, in one plain line, where they are absent."""
import contextlib
import json
import os
import pathlib
import subprocess
import sys

import cases
from cases import ANA, BEN
from cases_asterisk_test import Ami, Asterisk
from stage import SHARED, Stage, Tap, await_that, note

BULK = 1000
WORDS = {"available": "available", "away": "away,,back soon", "busy": "dnd,busy,", "meeting": "dnd,meeting,",
         "not-available": "unavailable"}
PLACES = {True: "BUSY", False: "UNAVAILABLE"}


class Manager(Ami):
    """Asks for values as well."""

    def ask(self, **fields):
        """The answer's fields; of a list its first member's too."""
        self.s.sendall("".join(f"{k}: {v}\r\n" for k, v in fields.items()).encode() + b"\r\n")
        text = self.read_until(b"\r\n\r\n")
        if "EventList: start" in text:
            while "EventList: Complete" not in (part := self.read_until(b"\r\n\r\n")):
                text += "\r\n" + part
        return dict(line.split(": ", 1) for line in text.split("\r\n") if ": " in line)


class AsteriskAmi(Asterisk):
    """The first line is on a connector that keeps the profile, the second on one that ignores it, as MiCollab's would."""

    def __init__(self, stage, suite, bulk=0):
        os.environ["PEER_ASTERISK_BULK"] = str(bulk)
        if suite:
            os.environ["PEER_ASTERISK_SUITE"] = suite
        super().__init__(stage)
        os.environ.pop("PEER_ASTERISK_SUITE", None)
        self.manager = Manager(self.ami, self.ami_login)

    def setvar(self, variable, value):
        self.manager.action(Action="Setvar", Variable=variable, Value=value)

    def profile(self, state):
        self.setvar("PRESENCE_STATE(CustomPresence:1001)", WORDS[state])

    def dnd(self, on):
        """As FreePBX's module does it."""
        if on:
            self.manager.action(Action="DBPut", Family="DND", Key="1001", Val="YES")
        else:
            self.manager.ask(Action="DBDel", Family="DND", Key="1001")
        self.setvar("DEVICE_STATE(Custom:DND1001)", PLACES[on])
        self.setvar("DEVICE_STATE(Custom:DEVDND1001)", PLACES[on])

    def hand_status(self):
        self.setvar("PRESENCE_STATE(CustomPresence:1003)", "away,lunch,soon")

    def presence(self):
        answer = self.manager.ask(Action="PresenceState", Provider="CustomPresence:1001")
        return answer["State"], answer.get("Subtype", "")

    def places(self):
        """What FreePBX would look at: database, extension, device."""
        db = self.manager.ask(Action="DBGet", Family="DND", Key="1001").get("Val", "")
        return (db, *(self.manager.ask(Action="Getvar", Variable=f"DEVICE_STATE(Custom:{n}1001)")["Value"]
                      for n in ("DND", "DEVDND")))

    def stop(self):
        subprocess.run([SHARED / "asterisk" / "stop.sh"], env=self.env, check=True, capture_output=True, timeout=120)


def yaml(stage, pbx, tls):
    bulk = "".join(f"      - {{ email: u{n}@acme.example, lines: [hq/{n}] }}\n" for n in range(3000, 3000 + pbx.bulk))
    return f"""\
  - name: acme
{stage.teams_yaml()}\
    connectors:
      - name: hq
        type: ami
        server: "{pbx.ami_tls if tls else pbx.ami}"
        tls: {"true" if tls else "false"}
        ca_file: {pbx.ca}
        username: bridge
        password_file: hq.secret
        dnd_while: [meeting]
      - name: collab
        type: ami
        server: "{pbx.ami}"
        username: readonly
        password_file: readonly.secret
        profile: ignore
      - name: looker
        type: ami
        server: "{pbx.ami}"
        username: readonly
        password_file: readonly.secret
    users:
      - {{ email: {ANA}, lines: [hq/1001, collab/1003] }}
      - {{ email: {BEN}, lines: [hq/1002, hq/2001, hq/7777, looker/1004] }}
{bulk}"""


class Ways:
    def __init__(self, stage, tap, pbx, name):
        self.stage, self.tap, self.pbx, self.name = stage, tap, pbx, name

    def profile(self):
        return self.stage.explained(ANA)["profile"]

    def case(self, name):
        return self.tap.case(f"{self.name}: {name}")

    def combined(self, email=ANA):
        return self.stage.explained(email)["combined"]

    def written(self):
        stage, pbx = self.stage, self.pbx
        with self.case("a profile set in the app is written to the PBX, as the words of its user presence"):
            for state, held in (("away", ("away", "")), ("busy", ("dnd", "busy")), ("not-available", ("unavailable", "")),
                                ("available", ("available", ""))):
                stage.offhook("set", ANA, state)
                await_that(f"the pbx holds {state}", lambda: pbx.presence() == held)
                assert self.profile() == state
        with self.case("dnd_while: meeting switches Do Not Disturb on in FreePBX's three places, and off again"):
            stage.offhook("set", ANA, "meeting")
            await_that("on", lambda: pbx.places() == ("YES", "BUSY", "BUSY"))
            assert pbx.presence() == ("dnd", "meeting-dnd"), pbx.presence()
            await_that("shown", lambda: self.combined() == "dnd")
            stage.offhook("set", ANA, "available")
            await_that("off", lambda: pbx.places() == ("", "UNAVAILABLE", "UNAVAILABLE"))
            await_that("shown", lambda: self.combined() == "available")
        with self.case("a meeting ended at the phone ends the Do Not Disturb that came with it"):
            stage.offhook("set", ANA, "meeting")
            await_that("on", lambda: pbx.places() == ("YES", "BUSY", "BUSY"))
            await_that("shown", lambda: self.combined() == "dnd")
            pbx.profile("available")
            await_that("off", lambda: pbx.places() == ("", "UNAVAILABLE", "UNAVAILABLE"))
            await_that("shown", lambda: self.combined() == "available" and self.profile() == "available")
        with self.case("Do Not Disturb that a person switched on stays on when a meeting ends"):
            pbx.dnd(True)
            await_that("shown", lambda: self.combined() == "dnd")
            stage.offhook("set", ANA, "meeting")
            await_that("written", lambda: pbx.presence()[0] == "dnd")
            stage.offhook("set", ANA, "available")
            await_that("written back", lambda: pbx.presence()[0] == "available")
            assert pbx.places() == ("YES", "BUSY", "BUSY")
            assert self.combined() == "dnd"
            pbx.dnd(False)
            await_that("off", lambda: self.combined() == "available")

    def both(self):
        stage, pbx = self.stage, self.pbx
        with self.case("changes on both sides at once end in one profile everywhere"):
            for _ in range(10):
                pbx.profile("away")
                stage.offhook("set", ANA, "busy")
                pbx.profile("not-available")
                stage.offhook("set", ANA, "meeting")
            def agree():
                held = next(l for l in stage.explained(ANA)["lines"] if l["number"] == "1001")["profile"]["held"]
                want = {"away": "away", "busy": "dnd", "meeting": "dnd", "not-available": "unavailable"}[self.profile()]
                return held == self.profile() and pbx.presence()[0] == want
            await_that("they agree", agree)
            stage.offhook("set", ANA, "available")
            await_that("and back", lambda: pbx.presence()[0] == "available")

    def facts(self):
        stage, pbx = self.stage, self.pbx
        with self.case("a bare dnd of the user presence shows as Do Not Disturb"):
            pbx.setvar("PRESENCE_STATE(CustomPresence:1001)", "dnd,,leave me")
            await_that("dnd", lambda: self.combined() == "dnd")
            await_that("the message is shown", lambda: any(
                l["profile"] and l["profile"]["text"] == "leave me" for l in stage.explained(ANA)["lines"]))
            assert "leave me" in stage.offhook("explain", ANA).stdout
            pbx.profile("available")
            await_that("available", lambda: self.combined() == "available")
        with self.case("a state-only line, found by asking although its hint is a pattern"):
            for state, seen in (("INUSE", "busy"), ("ONHOLD", "busy"), ("RINGING", "available"), ("NOT_INUSE", "available")):
                pbx.setvar("DEVICE_STATE(Custom:line2001)", state)
                await_that(f"{state}", lambda: self.combined(BEN) == seen)
        with self.case("check says which line has no hint, which right is missing, and what to do"):
            said = stage.offhook("check", check=False).stdout
            note(said.replace("\n", "\n# "))
            assert "7777" in said and "add one" in said, said
            assert "write=call" in said, said
            line = next(l for l in stage.explained(BEN)["lines"] if l["number"] == "7777")
            assert "hint" in json.dumps(line), line

    def reloads(self):
        """Asterisk says nothing of a hint that goes; the next steady round of lists may be a quarter of an hour away. Ben's
        line hangs on a connector with others, Ana's second is the only one of its connector."""
        pbx = self.pbx
        plan = pathlib.Path(pbx.peer_run) / "etc" / "extensions.conf"
        text = plan.read_text()

        def sync(email, number):
            return next(l["sync"] for l in self.stage.explained(email)["lines"] if l["number"] == number)

        def reload(hints):
            plan.write_text(hints)
            assert "reloaded" in pbx.console("dialplan reload")
        with self.case("a hint taken out of the dialplan is noticed at the reload, and its return too"):
            assert sync(BEN, "1002") == sync(ANA, "1003") == "synced"
            reload("".join(l for l in text.splitlines(True) if not l.startswith(("exten => 1002,hint", "exten => 1003,hint"))))
            await_that("both are lost", lambda: "synced" not in (sync(BEN, "1002"), sync(ANA, "1003")))
            assert sync(ANA, "1001") == "synced"
            said = self.stage.offhook("check", check=False).stdout
            assert "1002" in said and "1003" in said, said
            reload(text)
            await_that("both are back", lambda: sync(BEN, "1002") == sync(ANA, "1003") == "synced")

    def back(self):
        """The PBX is up again, and the daemon is with it. It waits the longer between two attempts the longer the PBX
        was away; an operator who asks has them tried at once."""
        self.pbx.again()

        def synced():
            if all(l["sync"] == "synced" for l in self.stage.explained(ANA)["lines"]):
                return True
            self.stage.offhook("check", check=False)
            return False
        await_that("synced", synced)

    def restarts(self):
        stage, pbx = self.stage, self.pbx
        with self.case("an orderly restart: custom states and the profile come back, nothing flickers"):
            pbx.profile("away")
            await_that("away", lambda: self.profile() == "away")
            pbx.stop()
            stage.offhook("set", BEN, "busy")
            self.back()
            assert self.profile() == "away"
            pbx.profile("available")
            await_that("available", lambda: self.profile() == "available")
        with self.case("kill -9 in a call, the profile set meanwhile is written after"):
            pbx.call()
            await_that("busy", lambda: self.combined() == "busy")
            pbx.kill()
            stage.offhook("set", ANA, "not-available")
            self.back()
            await_that("the call is over", lambda: self.combined() != "busy")
            await_that("written", lambda: pbx.presence()[0] == "unavailable")
            stage.offhook("set", ANA, "available")
            await_that("and back", lambda: pbx.presence()[0] == "available")

    def many(self):
        stage, pbx = self.stage, self.pbx
        with self.case(f"{pbx.bulk} hints at once: every one busy, every one free again"):
            def count(state):
                status, answer = None, stage.offhook("status", "--json").stdout
                return answer
            for state, seen in (("INUSE", "Busy"), ("NOT_INUSE", "Offline")):
                pbx.manager.s.sendall("".join(
                    f"Action: Setvar\r\nVariable: DEVICE_STATE(Custom:line{n})\r\nValue: {state}\r\n\r\n"
                    for n in range(3000, 3000 + pbx.bulk)).encode())
                for _ in range(pbx.bulk):
                    assert "Success" in pbx.manager.read_until(b"\r\n\r\n")
                def all_seen():
                    users = stage.teams_control("GET", "/state")["users"]
                    return sum(u["availability"] == seen for u in users if u["email"][0] == "u") == pbx.bulk
                await_that(seen, all_seen)


def run(tap, suite, name, tls, bulk):
    with Stage("ami") as stage:
        pbx = AsteriskAmi(stage, suite, bulk)
        pbx.bulk = bulk
        stage.teams_up({ANA: "Ana Alder", BEN: "Ben Berg"} |
                       {f"u{n}@acme.example": f"User {n}" for n in range(3000, 3000 + bulk)})
        stage.write("hq.secret", "bridge-secret\n")
        stage.write("readonly.secret", "readonly-secret\n")
        stage.daemon_up(yaml(stage, pbx, tls), wait=False)
        await_that("ana's lines", lambda: all(l["sync"] == "synced" for l in stage.explained(ANA)["lines"]))
        cases.Cases(stage, tap, pbx).run()
        ways = Ways(stage, tap, pbx, name)
        ways.written()
        ways.both()
        ways.facts()
        ways.reloads()
        ways.restarts()
        if bulk:
            ways.many()


def main():
    tap = Tap()
    if not (SHARED / "asterisk" / "start.sh").exists():
        tap.skip("AMI with Asterisk 22 and 16", "../shared/peers is absent")
        return tap.done()
    only = sys.argv[1:]
    for suite, name, tls, bulk in (("", "Asterisk 22", True, 0), ("bullseye", "Asterisk 16", False, BULK)):
        if not only or name.split()[1] in only:
            note(name)
            run(tap, suite, name, tls, bulk)
    tap.done()


if __name__ == "__main__":
    main()
