#!/usr/bin/env python3
"""kill -9 in a call: a restart within the lease finds the person right and sends nothing twice; without a
restart Teams heals by itself when the lease ends."""
import cases
from cases import ANA
from kamailio import Kamailio
from phones import Phones
from stage import Stage, Tap, await_that

LEASE_S = 600


def held_requests(stage):
    """setPresence and clearPresence requests that the stand-in has answered so far."""
    log = stage.teams_control("GET", "/log?n=1000")["log"]
    return [r for r in log if r["path"].endswith(("/setPresence", "/clearPresence"))]


def main():
    tap = Tap()
    with Stage("restart") as stage:
        kamailio = Kamailio(stage)
        phones = Phones(stage, kamailio.sip, Kamailio.password)
        stage.undo.append(phones.down)
        stage.teams_up({ANA: "Ana Alder"})
        stage.write("hq.secret", "phone-watch\n")
        seen = lambda: stage.teams_user(ANA)["availability"]
        synced = lambda: all(l["sync"] == "synced" for l in stage.explained(ANA)["lines"])
        stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml()}\
    connectors:
      - {{ name: hq, type: sip, server: "sip:{kamailio.sip};transport=tcp", username: watch, password_file: hq.secret }}
    users:
      - {{ email: {ANA}, lines: [hq/1001] }}
""")
        with tap.case("a call turns the person busy"):
            await_that("the line has reported", synced)
            phones.call("1001", "1002")
            await_that("busy in Teams", lambda: seen() == "Busy")
            await_that("the daemon knows it", lambda: stage.explained(ANA)["session"] == "call")
            await_that("they talk", lambda: stage.explained(ANA)["lines"][0]["call"] == "talking")
            stage.await_stored(ANA, 1)
        with tap.case("kill -9 in the call, restart: still busy, and nothing is sent twice"):
            before = len(held_requests(stage))
            stage.kill("offhookd")
            assert seen() == "Busy", "a killed daemon must not change what Teams shows"
            stage.daemon_start()
            await_that("synchronised again", synced)
            assert seen() == "Busy", seen()
            await_that("the session is known again", lambda: stage.explained(ANA)["session"] == "call")
            assert len(held_requests(stage)) == before, held_requests(stage)[before:]
        with tap.case("kill -9 in the call, hung up meanwhile, restart: cleared"):
            stage.kill("offhookd")
            phones.hang_up("1001")
            assert seen() == "Busy", seen()
            stage.daemon_start()
            await_that("cleared in Teams", lambda: seen() == "Offline")
        with tap.case("kill -9 in the call, no restart: Teams heals when the lease ends"):
            phones.call("1001", "1002")
            await_that("busy in Teams", lambda: seen() == "Busy")
            stage.kill("offhookd")
            stage.teams_control("POST", "/clock/advance", {"seconds": LEASE_S - 30})
            assert seen() == "Busy", seen()
            stage.teams_control("POST", "/clock/advance", {"seconds": 60})
            await_that("healed", lambda: seen() == "Offline")
            phones.down()
    tap.done()


if __name__ == "__main__":
    main()
