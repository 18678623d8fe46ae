#!/usr/bin/env python3
"""Verbs of `offhook` on a live stage, with and without --json, their exit codes, and people whom Graph refuses."""
import datetime
import json

from stage import CLIENT, Stage, Tap, await_that

ANA, BEN, CYD, DAN, BOTH, EVE = (f"{n}@acme.example" for n in ("ana", "ben", "cyd", "dan", "both", "eve"))
OTHER = "88888888-7777-6666-5555-444444444444"
REFUSED = {BEN: 403, CYD: 404, DAN: 400}


def account(stage, name, server, users):
    people = "".join(f"      - {{ email: {e}, lines: [hq/{n}] }}\n" for e, n in users)
    return f"""\
  - name: {name}
{stage.teams_yaml()}\
    connectors:
      - {{ name: hq, type: sip, server: "sip:{server};transport=tcp", username: bridge, password_file: hq.secret }}
    users:
{people}"""


def main():
    tap = Tap()
    with Stage("cli") as stage:
        people = [ANA, BEN, CYD, DAN]
        stage.teams_up({e: e for e in people + [BOTH, EVE]})
        stage.teams_control("POST", "/apps", {"client_id": OTHER, "client_secret": "e2e-secret",
                                              "roles": "Presence.ReadWrite.All User.Read.All"})
        stage.write("hq.secret", "bridge-secret\n")
        stage.start("pbxsim", "--listen", "127.0.0.1:0", "--phones", 8, "--username", "bridge", "--password-file",
                    stage.folder / "hq.secret")
        server = stage.facts("pbxsim", "SIP")["SIP"]
        stage.daemon_up(account(stage, "acme", server, [(e, 201 + n) for n, e in enumerate(people + [BOTH])])
                        + account(stage, "beta", server, [(BOTH, 206)]).replace(CLIENT, OTHER))
        seen = lambda email: stage.teams_user(email)["availability"]
        for verb in (["status"], ["users"], ["connectors"], ["explain", ANA], ["check"], ["version"]):
            with tap.case(f"{' '.join(verb)}, as text and as JSON"):
                assert stage.offhook(*verb).stdout.strip()
                assert isinstance(json.loads(stage.offhook(*verb, "--json").stdout), dict)
        with tap.case("an address of two accounts is refused without --account"):
            assert stage.offhook("set", BOTH, "busy", check=False).returncode != 0
            assert stage.offhook("--account", "acme", "set", BOTH, "away").returncode == 0
        with tap.case("wrong usage ends with 2"):
            for wrong in (["set", ANA, "purple"], ["nothing"], ["explain"], ["set", ANA, "away", "--until", "soon"]):
                assert stage.offhook(*wrong, check=False).returncode == 2, wrong
        with tap.case("set --until: busy, with its end"):
            stage.offhook("set", ANA, "busy", "--until", "2h")
            await_that("busy", lambda: seen(ANA) == "Busy")
            assert stage.explained(ANA)["profile_until"]
        with tap.case("a profile ends at its end time, by itself"):
            stage.offhook("set", ANA, "away", "--until", "2h")
            await_that("away", lambda: stage.explained(ANA)["combined"] == "away")

            def ends_soon():  # a slow machine may come with it too late: then it is refused
                end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=4)
                return stage.offhook("set", ANA, "away", "--until", end.strftime("%Y-%m-%dT%H:%M:%SZ"), check=False).returncode == 0
            await_that("it is to end in seconds", ends_soon)
            await_that("ended", lambda: stage.explained(ANA)["profile"] == "available")
            await_that("nothing held any more", lambda: seen(ANA) == "Offline")
        with tap.case("users import: two wrong rows are named, the good ones are people from now on"):
            stage.write("more.csv", f"email,name,lines,enabled\n{EVE},Eve,hq/207,yes\nno-address,X,hq/208,yes\n"
                                    f"fay@acme.example,Fay,nowhere/209,yes\n")
            done = stage.offhook("users", "import", "more.csv", "--account", "acme", check=False)
            assert done.returncode != 0, done
            said = done.stdout + done.stderr
            assert "3" in said and "4" in said and "nowhere" in said, said
            await_that("eve is there", lambda: stage.explained(EVE)["lines"][0]["sync"] == "synced")
            stage.offhook("set", EVE, "busy")
            await_that("eve is busy", lambda: seen(EVE) == "Busy")
        with tap.case("users import: a wrong row adds nobody, a dry run says the same as the run, twice changes nothing"):
            assert "2 wrong" in said and "1 added" in said, said
            assert "fay@" not in stage.offhook("users").stdout
            again = lambda *a: stage.offhook("users", "import", "more.csv", "--account", "acme", *a, check=False).stdout
            assert "0 added, 0 changed, 1 unchanged, 2 wrong" in again(), again()
            stage.write("more.csv", f"email,name,lines,enabled\n{EVE},Eva,hq/207,yes\ngil@acme.example,Gil,hq/209,yes\n"
                                    f"fay@acme.example,Fay,nowhere/209,yes\n")
            dry, wet = again("--dry-run"), again()
            assert "1 added, 1 changed, 0 unchanged, 1 wrong" in dry and "nowhere/209" in dry, dry
            assert wet in dry, (wet, dry)
        with tap.case("users import: a column that is not there leaves alone what is"):
            stage.write("off.csv", f"email,enabled\n{EVE},no\n")
            assert "1 changed" in stage.offhook("users", "import", "off.csv", "--account", "acme").stdout
            await_that("off, and all else as it was", lambda: not stage.explained(EVE)["enabled"])
            eve = stage.explained(EVE)
            assert eve["name"] == "Eva" and [l["number"] for l in eve["lines"]] == ["207"], eve
            stage.write("on.csv", f"enabled;email\nyes;{EVE}\n")
            stage.offhook("users", "import", "on.csv", "--account", "acme")
            assert stage.explained(EVE)["enabled"] and stage.explained(EVE)["lines"], stage.explained(EVE)
        with tap.case("users import: whose line goes to somebody else is said, by the dry run too; who stands twice is wrong"):
            stage.write("hal.csv", f"email,lines\nhal@acme.example,hq/207\nHAL@acme.example,hq/208\n")
            for dry, words in ((["--dry-run"], "would take"), ([], "takes")):
                done = stage.offhook("users", "import", "hal.csv", "--account", "acme", *dry, check=False)
                assert done.returncode == 1, done
                assert f"hal@acme.example {words} hq/207 from {EVE}" in done.stdout, done
                assert "row 3: the address stands in row 2 already" in done.stdout, done
            assert stage.explained(EVE)["lines"] == [], stage.explained(EVE)
            stage.write("eve.csv", f"email,lines\n{EVE},hq/207\n")
            assert f"{EVE} takes hq/207 from hal@" in stage.offhook("users", "import", "eve.csv", "--account", "acme").stdout
        with tap.case("users import: more people than there is room for: the row says which setting to raise"):
            rows = "".join(f"p{i}@acme.example,P,\n" for i in range(1100))
            stage.write("many.csv", "email,name,lines\n" + rows)
            done = stage.offhook("users", "import", "many.csv", "--account", "acme", check=False)
            assert "raise server.capacity" in done.stdout + done.stderr, done
        with tap.case("403, 404 and 400 for three people are explained and block nobody"):
            for email, status in REFUSED.items():
                stage.teams_control("POST", "/faults", {"kind": "status", "status": status, "user": email,
                                                        "ops": ["setPresence"]})
                stage.offhook("set", email, "busy")
            stage.offhook("set", ANA, "away")
            await_that("the others go on", lambda: seen(ANA) == "Away")
            for email, status in REFUSED.items():
                await_that(f"{status} is told", lambda: f"HTTP {status}" in stage.offhook("explain", email).stdout)
        with tap.case("a restart keeps the profile"):
            stage.kill("offhookd", 15)
            stage.daemon_start()
            assert stage.explained(ANA)["profile"] == "away"
        with tap.case("disable gives back, enable holds again, clear gives back"):
            stage.offhook("disable", ANA)
            await_that("given back", lambda: seen(ANA) == "Offline")
            stage.offhook("enable", ANA)
            await_that("held again", lambda: seen(ANA) == "Away")
            assert stage.offhook("clear", "--yes", check=False).returncode == 2
            stage.offhook("clear", "--yes", "--all")
            await_that("cleared", lambda: seen(ANA) == "Offline")
    tap.done()


if __name__ == "__main__":
    main()
