#!/usr/bin/env python3
"""A Teams meeting sets the profile and Do Not Disturb at a real Asterisk 22 over AMI and takes both back; what a person
has set by hand there stays; nothing of it comes back to Teams; a crash in between forgets nothing. Needs ../shared/peers."""
from ami_test import AsteriskAmi
from stage import SHARED, Stage, Tap, await_that

ANA = "ana@acme.example"
ON, OFF = ("YES", "BUSY", "BUSY"), ("", "UNAVAILABLE", "UNAVAILABLE")


def sent(stage):
    return next(int(l.split()[-1]) for l in stage.metrics().splitlines() if l.startswith("offhook_graph_sent_total{"))


def accounts(stage, pbx, profile="dnd_while: [meeting]", enabled="yes", email=ANA, line=1001):
    return f"""\
  - name: acme
{stage.teams_yaml("      read_back: 1s" + chr(10))}\
    policy: {{ direction: both, phone_profile: meeting, phone_profile_while: [meeting, dnd] }}
    connectors:
      - name: hq
        type: ami
        server: "{pbx.ami}"
        username: bridge
        password_file: hq.secret
        {profile}
    users:
      - {{ email: {email}, lines: [hq/{line}], enabled: {enabled} }}
"""


def meeting(stage, tap, pbx):
    with tap.case("a Teams meeting sets the profile and Do Not Disturb at Asterisk, and Teams hears nothing of it"):
        stage.client(ANA, "meeting")
        await_that("do not disturb", lambda: pbx.places() == ON, 60)
        assert pbx.presence() == ("dnd", "meeting-dnd"), pbx.presence()
        reads = sent(stage)
        await_that("three more reads", lambda: sent(stage) >= reads + 3, 60)
        now = stage.explained(ANA)
        assert now["profile"] == "available" and now["session"] == "none" and now["lamp"] == "meeting", now
        assert stage.teams_user(ANA)["activity"] == "InAMeeting", stage.teams_user(ANA)
        assert now["lines"][0]["profile"]["lend"] == "held" and now["lines"][0]["profile"]["lent"] == "meeting", now
        said = stage.offhook("explain", ANA).stdout
        assert "the pbx is lent the profile meeting because of what Teams shows (In a Teams meeting)" in said and "not the person's own" in said, said
    with tap.case("a crash in the meeting leaves it as it is"):
        stage.kill("offhookd")
        stage.daemon_start("offhookd", False)
        await_that("read", lambda: stage.explained(ANA)["lamp"] == "meeting", 60)
        now = stage.explained(ANA)
        assert pbx.places() == ON and now["profile"] == "available" and now["session"] == "none", now
    with tap.case("when the meeting is over both are taken back"):
        stage.client(ANA, "active")
        await_that("off", lambda: pbx.places() == OFF and pbx.presence()[0] == "available", 60)
        assert stage.explained(ANA)["profile"] == "available"
        assert stage.explained(ANA)["lines"][0]["profile"]["lend"] != "held", stage.explained(ANA)["lines"]


def by_hand(stage, tap, pbx):
    with tap.case("Do Not Disturb that a person switched on before is not touched"):
        pbx.dnd(True)
        await_that("shown", lambda: stage.explained(ANA)["session"] == "dnd", 60)
        stage.client(ANA, "meeting")
        reads = sent(stage)
        await_that("three more reads", lambda: sent(stage) >= reads + 3, 60)
        stage.client(ANA, "active")
        await_that("three more reads", lambda: sent(stage) >= reads + 6, 60)
        assert pbx.places() == ON and pbx.presence()[0] != "dnd", (pbx.places(), pbx.presence())
        pbx.dnd(False)
        await_that("off", lambda: stage.explained(ANA)["session"] == "none", 60)
    with tap.case("a profile set at the phone in a meeting is the person's: it stays, and shows in Teams"):
        stage.client(ANA, "meeting")
        await_that("do not disturb", lambda: pbx.places() == ON, 60)
        await_that("said", lambda: stage.explained(ANA)["lines"][0]["profile"]["held"] == "meeting", 60)
        pbx.profile("away")
        await_that("taken over", lambda: stage.explained(ANA)["profile"] == "away", 60)
        await_that("off", lambda: pbx.places() == OFF, 60)
        assert "somebody has set something meanwhile" in " ".join(stage.explained(ANA)["why"]), stage.explained(ANA)["why"]
        stage.client(ANA, "active")
        await_that("dark", lambda: stage.explained(ANA)["lamp"] == "dark", 60)
        reads = sent(stage)
        await_that("three more reads", lambda: sent(stage) >= reads + 3, 60)
        assert pbx.presence()[0] == "away" and stage.explained(ANA)["profile"] == "away"


def given_back(stage, tap, pbx):
    """Where nothing would be written any more."""
    for why, change in (("the connector loses its profile at a reload", {"profile": "profile: ignore"}),
                        ("the person is switched off", {"enabled": "no"}),
                        ("the person is removed", {"email": "ben@acme.example", "line": 1002})):
        with tap.case(f"{why} in a meeting: both are given back, and nothing more is written"):
            stage.client(ANA, "meeting")
            await_that("do not disturb", lambda: pbx.places() == ON and pbx.presence() == ("dnd", "meeting-dnd"), 60)
            stage.daemon_yaml(accounts(stage, pbx, **change))
            stage.offhook("reload")
            await_that("given back", lambda: pbx.places() == OFF and pbx.presence()[0] == "available", 60)
            pbx.dnd(True)
            pbx.profile("away")
            if "profile" in change:
                await_that("it is the person's", lambda: stage.explained(ANA)["session"] == "dnd", 120)
            assert pbx.places() == ON and pbx.presence()[0] == "away", (pbx.places(), pbx.presence())
            pbx.dnd(False)
            pbx.profile("available")
            stage.client(ANA, "active")
            stage.daemon_yaml(accounts(stage, pbx))
            stage.offhook("reload")
            await_that("as before", lambda: stage.explained(ANA)["lamp"] == "dark" and stage.explained(ANA)["settled"], 60)
    for why, change in (("the person is removed", {"email": "ben@acme.example", "line": 1002}),
                        ("the profile is taken away", {"profile": "profile: ignore"})):
        with tap.case(f"{why} while the daemon is down: given back by the next start"):
            stage.daemon_yaml(accounts(stage, pbx))
            stage.offhook("reload")
            stage.client(ANA, "meeting")
            await_that("do not disturb", lambda: pbx.places() == ON, 60)
            stage.kill("offhookd")
            stage.daemon_yaml(accounts(stage, pbx, **change))
            stage.daemon_start("offhookd", False)
            await_that("given back", lambda: pbx.places() == OFF and pbx.presence()[0] == "available", 60)
            stage.client(ANA, "active")


def main():
    tap = Tap()
    if not (SHARED / "asterisk" / "start.sh").exists():
        tap.skip("profiles lent to Asterisk 22", "../shared/peers is absent")
        return tap.done()
    with Stage("lendasterisk") as stage:
        pbx = AsteriskAmi(stage, None)
        pbx.dnd(False)
        stage.teams_up({ANA: ANA})
        stage.write("hq.secret", "bridge-secret\n")
        stage.client(ANA, "active")
        stage.daemon_up(accounts(stage, pbx), wait=False)
        await_that("settled and read", lambda: stage.explained(ANA)["settled"] and stage.explained(ANA)["lamp"] == "dark", 60)
        meeting(stage, tap, pbx)
        by_hand(stage, tap, pbx)
        pbx.profile("available")
        given_back(stage, tap, pbx)
    tap.done()


if __name__ == "__main__":
    main()
