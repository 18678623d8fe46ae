#!/usr/bin/env python3
"""kill -9 in a call: a restart within the lease finds the person right and sends nothing twice; without a
restart Teams heals by itself when the lease ends. kill -9 with sessions that wait for quota, and with refused ones:
what is not surely held is sent again, and only that."""
import contextlib
import re
import sqlite3

import cases
from cases import ANA
from kamailio import Kamailio
from phones import Phones
from stage import Stage, Tap, await_that, http

LEASE_S = 600


def held_requests(stage):
    """setPresence and clearPresence requests that the stand-in has answered so far."""
    log = stage.teams_control("GET", "/log?n=1000")["log"]
    return [r for r in log if r["path"].endswith(("/setPresence", "/clearPresence"))]


def pbxsim_up(stage, people, extra=""):
    """People user201, user202 ... on the phones 201, 202 ... of a simulated PBX; gives its control."""
    emails = [f"user{201 + i}@acme.example" for i in range(people)]
    stage.teams_up({e: e for e in emails})
    stage.write("hq.secret", "bridge-secret\n")
    stage.start("pbxsim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--phones", people, "--username",
                "bridge", "--password-file", stage.folder / "hq.secret")
    pbx = stage.facts("pbxsim", "SIP", "CONTROL")
    stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml(extra)}\
    connectors:
      - {{ name: hq, type: sip, server: "sip:{pbx['SIP']};transport=tcp", username: bridge, password_file: hq.secret }}
    users:
""" + "".join(f"      - {{ email: {e}, lines: [hq/{e[4:7]}] }}\n" for e in emails))
    await_that("all synchronised", lambda: all(stage.explained(e)["lines"][0]["sync"] == "synced" for e in emails))
    return emails, lambda path, **body: http("POST", f"http://{pbx['CONTROL']}{path}", body)


def all_call(control, emails):
    for a, b in zip(emails[::2], emails[1::2]):
        status, answer = control("/call", **{"from": a[4:7], "to": b[4:7]})
        assert status == 200, answer


def sure_in_store(stage):
    with contextlib.closing(sqlite3.connect(f"file:{stage.folder}/data/offhook.db?mode=ro", uri=True)) as db:
        return {email for email, in db.execute("SELECT email FROM users WHERE session != 0 AND sure")}


def sent_for(stage, email):
    user = stage.teams_user(email)["id"]
    return len([r for r in held_requests(stage) if user in r["path"]])


def waiting(tap):
    """30 people in calls, a quota of nine in twenty seconds: most wait when the daemon is killed. It is nine in five seconds
    when it starts again."""
    with Stage("restart-waiting") as stage:
        emails, control = pbxsim_up(stage, 30, "      quota: 10/20s\n      read_back: off\n")
        busy = lambda: {e for e in emails if stage.teams_user(e)["availability"] == "Busy"}
        with tap.case("kill -9 with a waiting queue: what was not sent does not count as held"):
            all_call(control, emails)
            await_that("the first ones are stored", lambda: len(sure_in_store(stage)) >= 9)
            stage.kill("offhookd")
            sure, before = sure_in_store(stage), busy()
            assert 9 <= len(sure) < 30 and sure <= before and len(before) < 30, (sure, before)
            text = (stage.folder / "offhook.yaml").read_text()
            stage.write("offhook.yaml", text.replace("quota: 10/20s", "quota: 10/5s"))
            stage.daemon_start()
            held = {e for e in emails if stage.explained(e)["session"] == "busy"}
            assert held <= busy(), held - busy()
        with tap.case("restart: the others follow within a few windows, not with the renewals"):
            await_that("everybody is busy", lambda: len(busy()) == 30)
            await_that("everybody is known to be", lambda: all(stage.explained(e)["session"] == "busy" for e in emails))
        with tap.case("restart: nothing was sent twice for a session that was surely held"):
            assert all(sent_for(stage, e) == 1 for e in sure), {e: sent_for(stage, e) for e in sure}


def refused(tap):
    """Refused (404) and put off (503): nobody's session after a restart, whatever ended the daemon."""
    with Stage("restart-refused") as stage:
        (gone, late), control = pbxsim_up(stage, 2)
        seen = lambda e: stage.teams_user(e)["availability"]
        for email, status in ((gone, 404), (late, 503)):
            stage.teams_control("POST", "/faults", {"kind": "status", "status": status, "user": email,
                                                    "ops": ["setPresence"]})
        told = lambda: sent_for(stage, gone) and sent_for(stage, late)
        with tap.case("404 and 503, then SIGTERM: after the restart neither session counts as held"):
            all_call(control, [gone, late])
            await_that("both were answered", told)
            before = sent_for(stage, late)
            stage.kill("offhookd", 15)
            stage.daemon_start()
            await_that("tried again", lambda: sent_for(stage, late) > before)
            assert [stage.explained(e)["session"] for e in (gone, late)] == ["none", "none"]
            assert "offhook_sessions_held 0" in re.sub(r"{[^}]*}", "", stage.metrics()), stage.metrics()
        with tap.case("kill -9, the fault is gone, restart: both are busy at once"):
            stage.kill("offhookd")
            stage.teams_control("DELETE", "/faults")
            stage.daemon_start()
            await_that("both are busy", lambda: seen(gone) == seen(late) == "Busy")
            await_that("both are known to be", lambda: [stage.explained(e)["session"] for e in (gone, late)]
                       == ["busy", "busy"])


def main():
    tap = Tap()
    waiting(tap)
    refused(tap)
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
            await_that("the daemon knows it", lambda: stage.explained(ANA)["session"] == "busy")
            await_that("they talk", lambda: stage.explained(ANA)["lines"][0]["call"] == "talking")
            stage.await_stored(ANA, 1)
        with tap.case("kill -9 in the call, restart: still busy, and nothing is sent twice"):
            before = len(held_requests(stage))
            stage.kill("offhookd")
            assert seen() == "Busy", "a killed daemon must not change what Teams shows"
            stage.daemon_start()
            await_that("synchronised again", synced)
            assert seen() == "Busy", seen()
            await_that("the session is known again", lambda: stage.explained(ANA)["session"] == "busy")
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
            life = [r for r in held_requests(stage) if r["path"].endswith("/setPresence")][-1]["summary"]
            assert life.endswith(f"PT{LEASE_S // 60}M"), life
            stage.teams_control("POST", "/clock/advance", {"seconds": LEASE_S - 180})
            assert seen() == "Busy", seen()
            stage.teams_control("POST", "/clock/advance", {"seconds": 240})
            await_that("healed", lambda: seen() == "Offline")
            phones.down()
    tap.done()


if __name__ == "__main__":
    main()
