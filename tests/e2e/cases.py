"""cases.py - the 22 cases of doc/presence-rules.md against a running daemon, whatever PBX stands behind it.

A PBX gives: call(), hang_up() and the numbers of Ana's two lines; one that holds the profile also profile(state),
one that tells Do Not Disturb apart from a call also dnd(on): then these are set at the PBX, not in the app. The
rest is asked of the daemon's API and of the stand-in for Teams. Where there is no dnd(), case 18 is left to the
deterministic simulator."""
from stage import await_that, note

ANA, BEN = "ana@acme.example", "ben@acme.example"

# number, phone, profile, combined, client, seen
TABLE = [
    (1, "idle", "available", "available", "signed-out", "Offline"),
    (2, "idle", "available", "available", "inactive", "Away"),
    (3, "idle", "available", "available", "active", "Available"),
    (4, "idle", "available", "available", "busy", "Busy"),
    (5, "idle", "available", "available", "presenting", "DoNotDisturb"),
    (6, "call", "available", "busy", "signed-out", "Busy"),
    (7, "call", "available", "busy", "inactive", "Busy"),
    (8, "call", "available", "busy", "active", "Busy"),
    (9, "call", "available", "busy", "busy", "Busy"),
    (10, "call", "available", "busy", "presenting", "DoNotDisturb"),
    (11, "idle", "busy", "busy", "signed-out", "Busy"),
    (12, "idle", "busy", "busy", "inactive", "Busy"),
    (13, "idle", "busy", "busy", "active", "Busy"),
    (14, "idle", "busy", "busy", "busy", "Busy"),
    (15, "idle", "busy", "busy", "presenting", "DoNotDisturb"),
]


class Cases:
    def __init__(self, stage, tap, pbx):
        self.stage, self.tap, self.pbx = stage, tap, pbx
        self.talking = False
        self.proved = []

    # ---- acts ----

    def phone(self, state):
        if state == "call" and not self.talking:
            self.pbx.call()
        if state == "idle" and self.talking:
            self.pbx.hang_up()
        self.talking = state == "call"
        wanted = "talking" if self.talking else "none"
        await_that(f"the line is {wanted}", lambda: self.line()["call"] == wanted)

    def profile(self, state):
        if not hasattr(self.pbx, "profile"):
            self.stage.offhook("set", ANA, state)
            return
        self.pbx.profile(state)
        await_that(f"the profile is {state}", lambda: self.stage.explained(ANA)["profile"] == state)

    def app_profile(self, state):
        """Set in the app; a PBX that holds it has it too before this returns."""
        self.stage.offhook("set", ANA, state)
        if hasattr(self.pbx, "profile"):
            await_that(f"the pbx holds {state}", lambda: self.line()["profile"]["held"] == state)

    # ---- what is so ----

    def line(self, number=None):
        lines = self.stage.explained(ANA)["lines"]
        return next(l for l in lines if l["number"] == (number or self.pbx.line))

    def combined(self):
        return self.stage.explained(ANA)["combined"]

    def seen(self):
        return self.stage.teams_user(ANA)["availability"]

    def held(self):
        return self.stage.explained(ANA)["session"]

    def await_both(self, name, combined, seen):
        def both():
            return (self.combined(), self.seen()) == (combined, seen)
        try:
            await_that(name, both)
        except AssertionError as e:
            raise AssertionError(f"{e}; combined {self.combined()}, seen {self.seen()}, "
                                 f"wanted {combined} and {seen}") from e

    def requests(self):
        return self.stage.teams_control("GET", "/counters")

    # ---- the cases ----

    def row(self, number, phone, profile, combined, client, seen):
        with self.tap.case(f"case {number}: phone {phone}, profile {profile}, client {client} -> {seen}"):
            self.profile(profile)
            self.phone(phone)
            self.stage.client(ANA, client)
            self.await_both(f"case {number}", combined, seen)
            self.proved.append((number, phone, profile, combined, client, seen))

    def dnd(self):
        with self.tap.case("case 18: do not disturb at the pbx shows, whatever the clients do"):
            self.phone("idle")
            self.pbx.dnd(True)
            for client in ("signed-out", "inactive", "active", "busy", "presenting"):
                self.stage.client(ANA, client)
                self.await_both(f"dnd and {client}", "dnd", "DoNotDisturb")
            self.pbx.dnd(False)
            self.stage.client(ANA, "active")
            self.await_both("dnd is off again", "available", "Available")
            self.proved.append((18, "dnd", "available", "dnd", "all five", "DoNotDisturb"))

    def prose(self):
        with self.tap.case("case 16: away in the app is hidden by an active client and shows after sign-out"):
            self.phone("idle")
            self.stage.client(ANA, "active")
            self.app_profile("away")
            self.await_both("away and active", "away", "Available")
            await_that("the away session is held", lambda: self.held() == "away")
            self.stage.client(ANA, "signed-out")
            self.await_both("away and signed out", "away", "Away")
            self.proved.append((16, "idle", "away", "away", "active, then signed-out", "Available, then Away"))
        with self.tap.case("case 17: away in the app, then a call: still away, nothing busy in Teams"):
            self.phone("call")
            self.await_both("away in a call", "away", "Away")
            self.phone("idle")
            self.await_both("away after the call", "away", "Away")
            self.proved.append((17, "call", "away", "away", "signed-out", "Away"))
        with self.tap.case("case 19: a state pinned by hand in Teams wins, whatever we hold"):
            self.profile("available")
            self.stage.client(ANA, "active")
            self.phone("call")
            self.await_both("busy before the pin", "busy", "Busy")
            self.stage.pin(ANA, "BeRightBack")
            self.await_both("pinned", "busy", "BeRightBack")
            self.stage.pin(ANA, None)
            self.await_both("pin taken back", "busy", "Busy")
            self.proved.append((19, "call", "available", "busy", "active, BeRightBack pinned", "BeRightBack"))
        with self.tap.case("case 21: two lines, one busy, one idle -> busy"):
            other = self.line(self.pbx.other_line)
            assert other["presence"] == "available", other
            self.await_both("two lines", "busy", "Busy")
            self.proved.append((21, "call + idle", "available", "busy", "active", "Busy"))
        with self.tap.case("case 20: a status set by hand in the PBX's own client changes nothing"):
            before = self.stage.explained(ANA)
            self.pbx.hand_status()
            self.phone("idle")  # a later report of the same PBX has arrived: the earlier one was looked at
            self.await_both("after the hand-set status", "available", "Available")
            assert before["profile"] == self.stage.explained(ANA)["profile"]
            self.proved.append((20, "call, then idle", "ignored", "available", "active", "Available"))
        with self.tap.case("case 22: meeting -> busy, absent -> away, not available -> as signed out of the phones"):
            self.stage.client(ANA, "signed-out")
            for profile, combined, seen in (("meeting", "busy", "Busy"), ("away", "away", "Away"),
                                            ("not-available", "available", "Offline")):
                self.profile(profile)
                self.await_both(profile, combined, seen)
            self.profile("available")
            self.await_both("back", "available", "Offline")
            self.proved.append((22, "idle", "meeting; away; not-available", "busy; away; available", "signed-out",
                                "Busy; Away; Offline"))

    def run(self):
        await_that("both lines have reported",
                   lambda: all(l["sync"] == "synced" for l in self.stage.explained(ANA)["lines"]))
        for row in TABLE:
            self.row(*row)
        self.prose()
        if hasattr(self.pbx, "dnd"):
            self.dnd()
        self.proved.sort()
        note(f"{'case':>4}  {'phone':16} {'profile':30} {'combined':22} {'Teams client':28} seen")
        for number, phone, profile, combined, client, seen in self.proved:
            note(f"{number:>4}  {phone:16} {profile:30} {combined:22} {client:28} {seen}")
