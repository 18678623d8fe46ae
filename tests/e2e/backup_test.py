#!/usr/bin/env python3
"""The store is saved while the daemon runs, given back, and taken by the next start; what is no backup is refused."""
import contextlib
import json
import sqlite3
import stat
import time

from objects_test import ANA, BO, Api, account, q
from stage import Stage, Tap, await_that, http as control_http


def names(api):
    return {u["email"] for u in api.ask("GET", "/users")[1]["users"]}


def set_up(stage, api, pbx):
    connector = {"type": "sip", "server": f"sip:{pbx['SIP']};transport=tcp", "username": "bridge",
                 "password": "bridge-secret"}
    for path, body in (("/accounts/acme/config", account(stage)), ("/accounts/acme/connectors/hq/config", connector),
                       (f"/accounts/acme/users/{q(ANA)}", {"name": "Ana", "lines": ["hq/201"]})):
        status, got, _ = api.ask("PUT", path, body)
        assert status == 201, (path, status, got)
        if path == "/accounts/acme/config":
            await_that("it is listed", lambda: api.ask("GET", "/accounts")[1]["accounts"])
    await_that("the line has reported", lambda: stage.explained(ANA)["lines"][0]["sync"] == "synced")


def sent(stage):
    """How often Ana's presence was set."""
    user = stage.teams_user(ANA)["id"]
    return len([r for r in stage.teams_control("GET", "/log?n=1000")["log"]
                if r["path"].endswith("/setPresence") and user in r["path"]])


def saved(tap, stage):
    path = stage.folder / "saved.db"
    with tap.case("a backup while the daemon runs: one whole file, readable by its owner alone"):
        await_that("the person is stored", lambda: stage.stored("people") == 1)
        stage.offhook("set", ANA, "busy")
        await_that("the profile is stored", lambda: stage.stored("users") == 1)
        done = stage.offhook("backup", path)
        assert "secrets" in done.stdout, done.stdout
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with contextlib.closing(sqlite3.connect(path)) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert db.execute("SELECT email FROM people").fetchall() == [(ANA,)]
        assert b"bridge-secret" not in path.read_bytes() and b"e2e-secret" not in path.read_bytes()
        assert not list((stage.folder / "data").glob("offhook.db.*"))
    with tap.case("a backup does not overwrite a file"):
        assert stage.offhook("backup", path, check=False).returncode == 2
    return path


def refused(tap, stage, path):
    with tap.case("rubbish, a cut file, a newer schema and a foreign database are refused with the reason"):
        newer, foreign = stage.folder / "newer.db", stage.folder / "foreign.db"
        newer.write_bytes(path.read_bytes())
        for file, sql in ((newer, "PRAGMA user_version=999"), (foreign, "CREATE TABLE t (a)")):
            with contextlib.closing(sqlite3.connect(file)) as db:
                db.execute(sql)
        (stage.folder / "cut.db").write_bytes(path.read_bytes()[:20000])
        stage.write("rubbish.db", "no database\n" * 50000)
        for name, reason in (("rubbish.db", "damaged"), ("cut.db", "damaged"), ("newer.db", "newer Offhook"),
                             ("foreign.db", "another program")):
            done = stage.offhook("restore", stage.folder / name, check=False)
            assert done.returncode == 1 and reason in done.stderr and "422" in done.stderr, (name, done)
        assert not list((stage.folder / "data").glob("offhook.db.*"))
    with tap.case("by TCP without signing in there is no backup and no restore"):
        base = f"http://127.0.0.1:{stage.port}/api/v1"
        assert control_http("GET", base + "/backup")[0] in (401, 403)
        assert control_http("POST", base + "/restore", {})[0] in (401, 403)


def given_back(tap, stage, api, pbx, path):
    with tap.case("things change, somebody gets busy, and the backup is given back: nothing changes yet"):
        assert api.ask("PUT", f"/accounts/acme/users/{q(BO)}", {"name": "Bo", "lines": ["hq/202"]})[0] == 201
        stage.offhook("set", ANA, "available")
        await_that("both lines report", lambda: all(
            stage.explained(e)["lines"][0]["sync"] == "synced" for e in (ANA, BO)))
        await_that("free", lambda: stage.explained(ANA)["session"] == "none")
        control_http("POST", f"http://{pbx['CONTROL']}/call", {"from": "201", "to": "202"})
        await_that("busy", lambda: stage.teams_user(ANA)["availability"] == "Busy")
        await_that("known", lambda: stage.explained(ANA)["session"] == "busy")
        stage.await_stored(ANA, 1)
        said = json.loads(stage.offhook("--json", "restore", path).stdout)
        assert said["taken"] and names(api) == {ANA, BO}, said
        before = sent(stage)
    with tap.case("the next start has the old state; who is busy in Teams is not forgotten, nor is the former store"):
        stage.kill("offhookd", 15)
        stage.daemon_start()
        assert names(api) == {ANA}, names(api)
        assert stage.explained(ANA)["profile"] == "busy"
        await_that("the call is seen", lambda: stage.explained(ANA)["lines"][0]["sync"] == "synced")
        assert stage.explained(ANA)["session"] == "busy" and sent(stage) == before, (before, sent(stage))
        control_http("POST", f"http://{pbx['CONTROL']}/hangup", {"phone": "201"})
        stage.offhook("set", ANA, "available")
        await_that("free when the call is over", lambda: stage.teams_user(ANA)["availability"] != "Busy")
        with contextlib.closing(sqlite3.connect(stage.folder / "data" / "offhook.db.before-restore")) as db:
            assert {e for e, in db.execute("SELECT email FROM people")} == {ANA, BO}
        assert "offhook.db.before-restore" in (stage.folder / "offhookd.log").read_text()
    with tap.case("the start after that has nothing to restore"):
        api.ask("PUT", f"/accounts/acme/users/{q(BO)}", {"name": "Bo", "lines": ["hq/202"]})
        stage.kill("offhookd", 15)
        with contextlib.closing(sqlite3.connect(stage.folder / "data" / "offhook.db")) as db, db:
            db.executemany("INSERT INTO changes (wall_ms, who, account, verb, object, detail) VALUES (?,'admin','','set',?,'')",
                           [((time.time() - days * 86400) * 1000 // 1, f"{days} days old") for days in (400, 300)])
        stage.daemon_start()
        assert names(api) == {ANA, BO}, names(api)
    with tap.case("what was done more than server.audit_days ago is forgotten, the rest is not"):
        objects = lambda: {c["object"] for c in api.ask("GET", "/audit?limit=100")[1]["changes"]}
        await_that("the old is gone", lambda: "400 days old" not in objects())
        assert "300 days old" in objects(), objects()


def main():
    tap = Tap()
    with Stage("backup") as stage:
        stage.teams_up({ANA: "Ana", BO: "Bo"})
        stage.write("hq.secret", "bridge-secret\n")
        stage.start("pbxsim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--phones", "4", "--username",
                    "bridge", "--password-file", stage.folder / "hq.secret")
        pbx = stage.facts("pbxsim", "SIP", "CONTROL")
        stage.daemon_up("  []\n")
        api = Api(stage)
        set_up(stage, api, pbx)
        path = saved(tap, stage)
        refused(tap, stage, path)
        given_back(tap, stage, api, pbx, path)
    tap.done()


if __name__ == "__main__":
    main()
