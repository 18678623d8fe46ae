#!/usr/bin/env python3
"""A Teams meeting as a publication at a real Kamailio: Offhook PUBLISHes package dialog for teams-1001, a phone that
watches that name there sees it light up and go out; a desk phone's own call is no echo, Kamailio and Offhook restart."""
import contextlib
import sqlite3

from kamailio import Kamailio
from phones import Phones
from stage import Stage, Tap, await_that
from watcher import Watcher

ANA, BEN = "ana@acme.example", "ben@acme.example"
LIT = "<state[^>]*>confirmed<"


def kept(stage):
    """The names that lamps are lit under, as committed."""
    with contextlib.closing(sqlite3.connect(f"file:{stage.folder}/data/offhook.db?mode=ro", uri=True)) as db:
        return [value for value, in db.execute("SELECT value FROM records WHERE kind = 'lamp'")]


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
      - {{ name: hq, type: sip, server: "sip:{pbx.sip};transport=tcp", username: watch, password_file: hq.secret, lamps: yes }}
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
        with tap.case("the next meeting follows at once: lit again, and dark"):
            for _ in range(2):
                stage.client(ANA, "meeting")
                await_that("lit again", lambda: seen.sees(LIT))
                stage.client(ANA, "active")
                await_that("dark again", lambda: not seen.sees(LIT))
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
        with tap.case("the daemon is killed in a meeting that goes on: the lamp stays lit, under the same publication"):
            await_that("the publication's name is kept", lambda: kept(stage))
            first = kept(stage)
            stage.kill("offhookd")
            stage.daemon_start()
            await_that("refreshed", lambda: kept(stage) not in ([], first))
            assert again.sees(LIT), again.body
            assert stage.explained(ANA)["lines"][0]["lamp"].endswith(": confirmed")
        with tap.case("the daemon is killed in a meeting and starts after it: put out at once, long before what was left behind ends"):
            stage.kill("offhookd")
            stage.client(ANA, "active")
            stage.daemon_start()
            await_that("dark", lambda: not again.sees(LIT))
            left = again.body
            assert "terminated" in left, left
            await_that("nothing is kept any more", lambda: not kept(stage))
    tap.done()


if __name__ == "__main__":
    main()
