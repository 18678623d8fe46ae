#!/usr/bin/env python3
"""A Teams meeting as a publication at a real Kamailio: Offhook PUBLISHes package dialog for teams-1001, a phone that
watches that name there sees it light up and go out; a desk phone's own call is no echo, Kamailio and Offhook restart."""
from kamailio import Kamailio
from phones import Phones
from stage import Stage, Tap, await_that
from watcher import Watcher

ANA, BEN = "ana@acme.example", "ben@acme.example"
LIT = "<state[^>]*>confirmed<"


def sent(stage):
    return next(int(l.split()[-1]) for l in stage.metrics().splitlines() if l.startswith("offhook_graph_sent_total{"))


def reads(stage, n):
    before = sent(stage)
    await_that(f"{n} more reads", lambda: sent(stage) >= before + n)


def main():
    tap = Tap()
    with Stage("lampkamailio") as stage:
        pbx = Kamailio(stage)
        phones = Phones(stage, pbx.sip, Kamailio.password)
        stage.undo.append(phones.down)
        stage.teams_up({ANA: "Ana Alder", BEN: "Ben Berg"})
        stage.write("hq.secret", "phone-watch\n")
        for person in (ANA, BEN):
            stage.client(person, "active")
        stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml("      read_back: 1s" + chr(10))}\
    policy: {{ direction: both }}
    connectors:
      - {{ name: hq, type: sip, server: "sip:{pbx.sip};transport=tcp", username: watch, password_file: hq.secret, lamps: yes, expires: 1m }}
    users:
      - {{ email: {ANA}, lines: [hq/1001] }}
      - {{ email: {BEN}, lines: [hq/1002], policy: {{ direction: to-teams }} }}
""")
        await_that("settled and read", lambda: stage.explained(ANA)["settled"] and stage.explained(ANA)["lamp"] == "dark")
        watch = lambda number: Watcher(pbx.sip, number, "else", Kamailio.password("else"), "dialog")
        seen, other = watch("teams-1001"), watch("teams-1002")
        stage.undo.append(lambda: [w.close() for w in (seen, other)])
        with tap.case("a Teams meeting lights the lamp at Kamailio, and no line is busy by it"):
            stage.client(ANA, "meeting")
            stage.client(BEN, "meeting")
            await_that("lit", lambda: seen.sees(LIT))
            assert 'entity="sip:teams-1001@' in seen.body and "remote" not in seen.body, seen.body
            reads(stage, 3)
            now = stage.explained(ANA)
            assert now["combined"] == "available" and now["session"] == "none" and now["lines"][0]["call"] == "none", now
            assert not other.sees(LIT), other.body
        with tap.case("it goes out with the meeting"):
            stage.client(ANA, "active")
            await_that("dark", lambda: not seen.sees(LIT))
        with tap.case("a call on the desk phone is no Teams call: nothing lights"):
            phones.call("1001", "1003")
            await_that("busy in Teams", lambda: stage.teams_user(ANA)["availability"] == "Busy")
            reads(stage, 3)
            assert not seen.sees(LIT), seen.body
            phones.hang_up("1001")
            await_that("over", lambda: stage.explained(ANA)["session"] == "none")
        with tap.case("Kamailio starts anew in a meeting: published afresh"):
            stage.client(ANA, "meeting")
            await_that("lit", lambda: seen.sees(LIT))
            pbx.stop()
            pbx.start()
            again = watch("teams-1001")
            stage.undo.append(again.close)
            await_that("lit again", lambda: again.sees(LIT))
        with tap.case("the daemon is killed in a meeting and starts after it: dark when the publication left behind ends"):
            stage.kill("offhookd")
            stage.client(ANA, "active")
            stage.daemon_start()
            await_that("read", lambda: stage.explained(ANA)["lamp"] == "dark")
            await_that("dark", lambda: not again.sees(LIT))
    tap.done()


if __name__ == "__main__":
    main()
