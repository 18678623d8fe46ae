#!/usr/bin/env python3
"""The CSTA connector with mivo400sim, a stand-in for MiVoice Office 400: the 22 cases with Do Not Disturb and profile set
at the desk phone, the profile both ways, refusals in words, licences, restarts, lost links, and every way of speaking
(editions, prefixes, device ids, forms of the profile). No real MiVoice Office 400 was at hand."""
import datetime
import json
import re
import sys

import cases
from cases import ANA, BEN
from mivo import Mivo
from stage import Stage, Tap, await_that, note
from tls_test import certificate

FIVE = ["away", "meeting", "busy", "not-available", "available"]
SPEECH = [  # name, options of the switch, settings of the connector
    ("edition 3, prefixed, dialling numbers", ["--edition", 3, "--prefix", "csta", "--dialing-ids"], ""),
    ("edition 6, TransferredEvent", ["--edition", 6, "--transferred"], ", edition: 6"),
    ("no namespace", ["--no-namespace"], ""),
    ("slow answers", ["--slow-ms", 300], ""),
]


class Switch(Mivo):
    """Ana's first line is on a switch that keeps the profile; her second on another, ignored as MiCollab's would be."""
    line, other_line = "201", "301"

    def __init__(self, stage, *args):
        super().__init__(stage, "--username", "offhook", "--password-file", stage.folder / "hq.secret", *args)
        self.collab = Mivo(stage, "--first", 301, label="collab")

    def call(self):
        self.post("/call", **{"from": 201, "to": 203, "dial_ms": 50, "ring_ms": 50})

    def hang_up(self):
        self.post("/hangup", phone=201)

    def profile(self, state, phone=201):
        self.post("/profile", phone=phone, profile=state)

    def dnd(self, on):
        self.post("/dnd", phone=201, on=on)

    def hand_status(self):
        self.collab.post("/profile", phone=301, profile="away")


def yaml(stage, address, collab, lines="[hq/201, collab/301]", extra=""):
    return f"""\
  - name: acme
{stage.teams_yaml()}\
    policy: {{ grace: 10m }}
    connectors:
      - {{ name: hq, type: csta, server: "{address}", username: offhook, password_file: hq.secret, profile: both{extra} }}
      - {{ name: collab, type: csta, server: "{collab}", profile: ignore }}
    users:
      - {{ email: {ANA}, lines: {lines} }}
      - {{ email: {BEN}, lines: [hq/202, hq/204, hq/205] }}
"""


class Ways:
    def __init__(self, stage, tap, pbx, name):
        self.stage, self.tap, self.pbx, self.name = stage, tap, pbx, name

    def case(self, name):
        return self.tap.case(f"{self.name}: {name}")

    def combined(self, email=ANA):
        return self.stage.explained(email)["combined"]

    def profile(self):
        return self.stage.explained(ANA)["profile"]

    def seen(self, email=ANA):
        return self.stage.teams_user(email)["availability"]

    def line(self, number="201", email=ANA):
        return next(l for l in self.stage.explained(email)["lines"] if l["number"] == number)

    def synced(self):
        return all(l["sync"] == "synced" for l in self.stage.explained(ANA)["lines"])

    # ---- what happens at the phones ----

    def calls(self):
        stage, pbx = self.stage, self.pbx
        with self.case("a call is busy from dialling on, ringing is not, held is still a call, hang-up frees"):
            pbx.post("/call", **{"from": 202, "to": 201, "ring_ms": -1})
            await_that("201 rings", lambda: self.line()["call"] == "ringing")
            await_that("202 is busy", lambda: self.combined(BEN) == "busy")
            assert self.combined() == "available"
            pbx.post("/answer", phone=201)
            await_that("201 is busy", lambda: self.seen() == "Busy")
            pbx.post("/hold", phone=201)
            await_that("held", lambda: self.line()["call"] == "held")
            assert self.combined() == "busy"
            pbx.post("/hangup", phone=202)
            await_that("free", lambda: self.combined() == "available" and self.combined(BEN) == "available")
        with self.case("a transfer frees who made it and keeps the other two in a call"):
            self.two_calls()
            pbx.post("/transfer", phone=201)
            await_that("free", lambda: self.combined() == "available")
            assert self.combined(BEN) == "busy"
            pbx.post("/hangup", phone=202)
            await_that("all free", lambda: self.combined(BEN) == "available")
        with self.case("a conference keeps all three, also when one has gone"):
            self.two_calls()
            pbx.post("/conference", phone=201)
            pbx.post("/hangup", phone=202)
            await_that("202 is free", lambda: self.combined(BEN) == "available")
            assert self.combined() == "busy"
            pbx.post("/hangup", phone=201)
            await_that("free", lambda: self.combined() == "available")
        with self.case("a call that fails at a busy or absent phone ends where it began"):
            pbx.post("/dnd", phone=203, on=True)
            pbx.post("/call", **{"from": 201, "to": 203, "ring_ms": -1})
            await_that("busy tone is a call", lambda: self.combined() == "busy")
            pbx.post("/hangup", phone=201)
            await_that("free", lambda: self.combined() == "available")
            pbx.post("/dnd", phone=203, on=False)

    def two_calls(self):
        self.pbx.post("/call", **{"from": 201, "to": 202, "dial_ms": 0, "ring_ms": 0})
        await_that("in the first call", lambda: self.line()["call"] == "talking")
        self.pbx.post("/hold", phone=201)
        self.pbx.post("/call", **{"from": 201, "to": 203, "dial_ms": 0, "ring_ms": 0})
        await_that("in both calls", lambda: self.line()["call"] == "talking" and self.combined(BEN) == "busy")

    def desk(self):
        with self.case("all five profile states set at the desk phone"):
            for state in FIVE:
                self.pbx.profile(state)
                await_that(state, lambda: self.profile() == state)
        with self.case("Do Not Disturb at the desk phone"):
            self.pbx.dnd(True)
            await_that("dnd", lambda: self.seen() == "DoNotDisturb")
            self.pbx.dnd(False)
            await_that("off", lambda: self.combined() == "available")

    def forwarded(self):
        words = {"": "", "202": ", forwarded to another line", "0791234567": ", forwarded elsewhere"}
        with self.case("a forwarding of all calls is shown with the line, and is no state"):
            for to, name in (("202", "internal"), ("0791234567", "external"), ("", "none")):
                self.pbx.post("/forward", phone=201, to=to)
                await_that(name, lambda: self.line()["forward"] == name)
                shown = self.stage.offhook("explain", ANA).stdout
                assert ("hq/201: available, call none" + words[to] + ", synced") in re.sub("\x1b[^m]*m", "", shown), shown
                assert self.combined() == "available" and (to == "" or to not in shown or to == "202"), shown

    # ---- the other way ----

    def written(self):
        stage, pbx = self.stage, self.pbx
        with self.case("a profile set in the app arrives at the phone"):
            for state in ("away", "busy", "not-available", "meeting", "available"):
                stage.offhook("set", ANA, state)
                await_that(f"the phone holds {state}", lambda: pbx.phone(201)["profile"] == state)
                assert self.profile() == state
        with self.case("an end time goes both ways, and a new one set at the phone counts"):
            ends = [f"{datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=h):%Y-%m-%dT%H:00:00Z}"
                    for h in (2, 3, 4)]
            until = lambda: (pbx.phone(201)["until"], stage.explained(ANA).get("profile_until"))
            stage.offhook("set", ANA, "away", "--until", ends[0])
            await_that("it is at the phone", lambda: until() == (ends[0], ends[0]))
            pbx.post("/profile", phone=201, profile="away", until=ends[1])
            await_that("the new one is heard", lambda: until() == (ends[1], ends[1]))
            pbx.post("/profile", phone=201, profile="busy", until=ends[2])
            await_that("with a state too", lambda: self.profile() == "busy" and until() == (ends[2], ends[2]))
            stage.offhook("set", ANA, "available")
            await_that("it has none", lambda: pbx.phone(201)["profile"] == "available" and until()[0] == "")
        with self.case("busy written over a meeting leaves the meeting alone"):
            pbx.profile("meeting")
            await_that("meeting", lambda: self.profile() == "meeting")
            stage.offhook("set", ANA, "busy")
            await_that("busy", lambda: self.combined() == "busy")
            stage.offhook("set", ANA, "away")
            await_that("away", lambda: pbx.phone(201)["profile"] == "away")
            stage.offhook("set", ANA, "available")
            await_that("available", lambda: pbx.phone(201)["profile"] == "available")
        with self.case("a refused write is shown to the user, and tells why"):
            pbx.fault("refuse-writes", count=1000)
            stage.offhook("set", ANA, "away")
            await_that("refused", lambda: self.line()["profile"]["write"] == "refused")
            assert self.line()["profile"]["refusal"], self.line()
            pbx.fault("none")
            stage.offhook("set", ANA, "available")
            await_that("agree again", lambda: pbx.phone(201)["profile"] == "available" == self.profile())
            await_that("nothing is refused any more", lambda: self.line()["profile"]["write"] != "refused")
        with self.case("changes on both sides at once end in one profile everywhere"):
            for _ in range(10):
                pbx.profile("away")
                stage.offhook("set", ANA, "busy")
                pbx.profile("not-available")
                stage.offhook("set", ANA, "meeting")
            reads_as = lambda s: "busy" if s == "meeting" else s
            await_that("they agree", lambda: reads_as(pbx.phone(201)["profile"]) == reads_as(self.profile()) ==
                       reads_as(self.line()["profile"]["held"]))
            stage.offhook("set", ANA, "available")
            await_that("and back", lambda: pbx.phone(201)["profile"] == "available")

    # ---- what goes wrong ----

    def no_flicker(self, what, act, back, sign="logins"):
        """In a call all the while: never seen free. sign: the switch's counter that tells of the healing."""
        pbx = self.pbx
        with self.case(f"{what} in a call: no flicker, then the truth"):
            pbx.call()
            await_that("busy", lambda: self.seen() == "Busy")
            before = pbx.counters()[sign]
            act()

            def again():
                assert self.seen() == "Busy", self.stage.explained(ANA)
                return pbx.counters()[sign] > before and self.synced() and back()
            await_that("listening again", again)
            assert self.seen() == "Busy"
            pbx.hang_up()
            await_that("free", lambda: self.combined() == "available" and self.seen() != "Busy")

    def faults(self):
        pbx = self.pbx
        watched = lambda: pbx.phone(201)["heard"]
        self.no_flicker("a restart of the switch", lambda: pbx.post("/restart", down_ms=1000), watched)
        self.no_flicker("a lost link", lambda: pbx.fault("drop-links"), watched)
        self.no_flicker("garbage", lambda: pbx.fault("garbage"), watched)
        self.no_flicker("broken XML", lambda: pbx.fault("broken-xml"), watched, "requests")
        self.no_flicker("an ended session", lambda: pbx.fault("end-session"), watched)
        with self.case("a monitor that the switch stops is started again"):
            before = pbx.counters()["monitors"]
            pbx.fault("stop-monitor", phone=201)
            await_that("started again", lambda: pbx.counters()["monitors"] == before and watched())
            pbx.call()
            await_that("busy", lambda: self.combined() == "busy")
            pbx.hang_up()
            await_that("free", lambda: self.combined() == "available")
        with self.case("a call that ends while the switch forgets everything"):
            pbx.call()
            await_that("busy", lambda: self.combined() == "busy")
            pbx.post("/restart", down_ms=500, forget=True)
            await_that("free", lambda: self.combined() == "available")
        with self.case("the switch's heartbeat is answered"):
            before = pbx.counters()["beats_answered"]
            pbx.fault("heartbeat")
            await_that("answered", lambda: pbx.counters()["beats_answered"] > before)
        with self.case("unknown events, and events told twice, change nothing"):
            pbx.fault("unknown-event")
            pbx.fault("twice", count=1000)
            pbx.call()
            await_that("busy", lambda: self.combined() == "busy")
            pbx.hang_up()
            await_that("free", lambda: self.combined() == "available")
            pbx.fault("none")

    def licences(self):
        stage, pbx = self.stage, self.pbx
        with self.case("licences run out: told for each line, the others go on"):
            pbx.post("/switch", licences=2)
            pbx.fault("drop-links")
            await_that("two are watched", lambda: pbx.counters()["monitors"] == 2)
            await_that("named", lambda: re.search("licen", stage.offhook("check", check=False).stdout, re.I))
            shown = json.dumps([stage.explained(e)["lines"] for e in (ANA, BEN)])
            assert re.search("licen|overallMonitorLimitExceeded", shown, re.I), shown
            heard = next(p["number"] for p in pbx.get("/phones") if p["heard"])
            email = ANA if heard == 201 else BEN
            pbx.post("/call", **{"from": heard, "to": 210, "dial_ms": 0, "ring_ms": 0})
            await_that("that one goes on", lambda: self.line(str(heard), email)["call"] == "talking")
            pbx.post("/hangup", phone=heard)
            pbx.post("/switch", licences=0)
            pbx.fault("drop-links")
            await_that("all are watched", lambda: pbx.counters()["monitors"] == 4 and self.synced())


def stage_up(stage, *args, extra=""):
    stage.teams_up({ANA: "Ana Alder", BEN: "Ben Berg"})
    stage.write("hq.secret", "mivo-secret\n")
    pbx = Switch(stage, *args)
    stage.daemon_up(yaml(stage, pbx.address, pbx.collab.address, extra=extra), wait=False)
    await_that("ana's lines", lambda: all(l["sync"] == "synced" for l in stage.explained(ANA)["lines"]))
    return pbx


def whole(tap):
    with Stage("csta") as stage:
        pbx = stage_up(stage)
        cases.Cases(stage, tap, pbx).run()
        ways = Ways(stage, tap, pbx, "MiVoice Office 400")
        for part in (ways.calls, ways.desk, ways.written, ways.faults, ways.licences):
            part()


def speech(tap, name, args, extra=""):
    with Stage("csta") as stage:
        ways = Ways(stage, tap, stage_up(stage, *args, extra=extra), name)
        ways.calls()
        ways.desk()


def refused_form(tap):
    """The switch knows no service for the profile: calls and DND go on, and the user is told."""
    with Stage("csta") as stage:
        ways = Ways(stage, tap, stage_up(stage, "--profile-form", "refused"), "no profile in CSTA")
        ways.calls()
        with ways.case("a profile set in the app holds here, and the refusal is shown"):
            stage.offhook("set", ANA, "away")
            await_that("refused", lambda: ways.line()["profile"]["write"] == "refused")
            assert ways.profile() == "away"


PRIVATE = (""", profile_at: PrivateDataEvent/UserPresence/state, profile_get: "", profile_until: until,
          profile_set: Escape/extensions/privateData/private/UserPresence/state,
          profiles: [Available=available, Absent=away, Busy=busy, Meeting=meeting, NotAvailable=not-available]""")


def private_form(tap):
    """The profile as a vendor's private data: told once when the monitor starts, written by Escape."""
    with Stage("csta") as stage:
        pbx = stage_up(stage, "--profile-form", "private", extra=PRIVATE)
        ways = Ways(stage, tap, pbx, "profile as private data")
        ways.desk()
        ways.forwarded()
        ways.written()
        with ways.case("what was set at the phone while the link was down is heard"):
            pbx.profile("away")
            await_that("away", lambda: ways.profile() == "away")
            pbx.post("/restart", down_ms=1000)
            pbx.profile("busy")
            await_that("busy", lambda: ways.profile() == "busy")


def over_tls(tap):
    """TLS with the certificate checked; the password goes to nobody whose certificate is another's."""
    with Stage("csta") as stage:
        stage.teams_up({ANA: "Ana Alder", BEN: "Ben Berg"})
        stage.write("hq.secret", "mivo-secret\n")
        certificate(stage, "own"), certificate(stage, "other")
        pbx = Switch(stage, "--tls-cert", stage.folder / "own.crt", "--tls-key", stage.folder / "own.key")
        text = yaml(stage, pbx.tls, pbx.collab.address, extra=", tls: yes, ca_file: {ca}.crt")
        stage.daemon_up(text.replace("{ca}", "own"), wait=False)
        ways = Ways(stage, tap, pbx, "TLS")
        with ways.case("a call arrives over TLS"):
            await_that("ana's lines", ways.synced)
            pbx.call()
            await_that("busy", lambda: ways.combined() == "busy")
            pbx.hang_up()
        with ways.case("a certificate of an unknown CA is refused in words, and hears no log-in"):
            before = pbx.counters()["logins"]
            (stage.folder / "offhook.yaml").write_text(
                (stage.folder / "offhook.yaml").read_text().replace("own.crt", "other.crt"))
            stage.offhook("reload")
            await_that("told", lambda: re.search("hq.*(not signed by|not in the ca_file)",
                                                 stage.offhook("check", check=False).stdout, re.S))
            assert pbx.counters()["logins"] == before


def wrong_password(tap):
    with Stage("csta") as stage, tap.case("a wrong password is told in words, and no secret is"):
        stage.teams_up({ANA: "Ana Alder", BEN: "Ben Berg"})
        stage.write("hq.secret", "mivo-secret\n")
        pbx = Switch(stage)
        stage.write("hq.secret", "mistyped-secret\n")
        stage.daemon_up(yaml(stage, pbx.address, pbx.collab.address), wait=False)
        text = lambda: stage.offhook("check", check=False).stdout
        await_that("told", lambda: re.search("hq.*(refused|log-in|password)", text(), re.S))
        log = (stage.folder / "offhookd.log").read_text()
        assert "mistyped-secret" not in log and "mistyped-secret" not in text()


def main():
    tap = Tap()
    only = sys.argv[1] if sys.argv[1:] else ""
    parts = [("whole", whole), ("wrong-password", wrong_password), ("refused", refused_form), ("private", private_form), ("tls", over_tls)]
    parts += [(name, lambda tap, n=name, a=args, e=extra: speech(tap, n, a, e)) for name, args, extra in SPEECH]
    for name, part in parts:
        if only in name:
            note(name)
            part(tap)
    tap.done()


if __name__ == "__main__":
    main()
