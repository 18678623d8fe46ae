#!/usr/bin/env python3
"""What a real Kamailio may answer to a SUBSCRIBE: 423 and 503 are obeyed, 403, 404 and 489 are told and block nobody
else, and a 481 (it was started anew and forgot its dialogs) starts a new subscription without a flicker."""
from kamailio import Kamailio
from phones import Phones
from restart_test import held_requests
from stage import Stage, Tap, await_that

ANA, BEN = "ana@acme.example", "ben@acme.example"
REFUSED = {"1489": "refused: 489", "1403": "refused: 403", "1404": "refused: 404"}


def daemon(stage, pbx, users):
    stage.write("hq.secret", "phone-watch\n")
    stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml()}\
    connectors:
      - {{ name: hq, type: sip, server: "sip:{pbx.sip};transport=udp", username: watch, password_file: hq.secret, expires: 1m }}
    users:
""" + "".join(f"      - {{ email: {e}, lines: [{', '.join('hq/' + n for n in l)}] }}\n" for e, l in users), wait=False)
    await_that("the API answers", lambda: stage.explained(ANA))


def noted(stage, name):
    return f'class="{name}"}} 1' in stage.metrics()


def answers(tap):
    with Stage("answers") as stage:
        pbx = Kamailio(stage, PEER_KAMAILIO_MIN_EXPIRES="120")
        stage.teams_up({ANA: ANA, BEN: BEN})
        daemon(stage, pbx, [(ANA, ["1001", "1503"]), (BEN, list(REFUSED))])
        line = lambda number, email=ANA: next(l for l in stage.explained(email)["lines"] if l["number"] == number)
        with tap.case("423: asked for 60 s, told at least 120, asked for 120"):
            await_that("the line reports", lambda: line("1001")["sync"] == "synced")
        with tap.case("489, 403 and 404 are told in words, line by line"):
            for number, words in REFUSED.items():
                await_that(words, lambda: (line(number, BEN)["reason"] or "").startswith(words))
        with tap.case("503 with Retry-After: told, and taken up when the time is over"):
            await_that("told", lambda: "the pbx asks to wait: for 3 s" in (stage.folder / "offhookd.log").read_text())
            await_that("the line reports", lambda: line("1503")["sync"] == "synced")
            await_that("counted", lambda: noted(stage, "throttled"))


def forgotten(tap):
    with Stage("forgotten") as stage:
        pbx = Kamailio(stage, PEER_KAMAILIO_MAX_EXPIRES="12")
        phones = Phones(stage, pbx.sip, Kamailio.password)
        stage.undo.append(phones.down)
        stage.teams_up({ANA: ANA})
        daemon(stage, pbx, [(ANA, ["1001"])])
        line = lambda: stage.explained(ANA)["lines"][0]
        with tap.case("481 to a refresh: a new subscription, and nothing is sent for it"):
            await_that("the line reports", lambda: line()["sync"] == "synced")
            stage.offhook("set", ANA, "busy")
            await_that("busy", lambda: stage.teams_user(ANA)["availability"] == "Busy")
            before = len(held_requests(stage))
            pbx.stop()
            pbx.start()
            await_that("told", lambda: noted(stage, "subscription_gone"))
            await_that("the line reports", lambda: line()["sync"] == "synced" and line()["link"] == "live")
            assert len(held_requests(stage)) == before, held_requests(stage)[before:]
        with tap.case("the new one delivers"):
            stage.offhook("set", ANA, "available")
            await_that("free", lambda: stage.teams_user(ANA)["availability"] == "Offline")
            phones.call("1001", "1002")
            await_that("busy", lambda: stage.teams_user(ANA)["availability"] == "Busy")
            await_that("they talk", lambda: line()["call"] == "talking")
            phones.hang_up("1001")
            await_that("free", lambda: stage.teams_user(ANA)["availability"] == "Offline")


def main():
    tap = Tap()
    answers(tap)
    forgotten(tap)
    tap.done()


if __name__ == "__main__":
    main()
