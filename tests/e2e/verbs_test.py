#!/usr/bin/env python3
"""Accounts, connectors, groups and people by the verbs of `offhook`: shown, edited, set, deleted; and the export in the
place of offhook.yaml, after which everything is as it was."""
import difflib
import json
import re

from objects_test import Api, q
from stage import CLIENT, Stage, Tap, await_that, http

ANA, BO, CY, DI = (f"{n}@acme.example" for n in ("ana", "bo", "cy", "di"))
PINNED = "6e7b768e-07e2-4810-8459-485f84f8f204"


def show(stage, *words):
    return stage.offhook(*words).stdout


def refused(stage, words, text, status=1):
    done = stage.offhook(*words, check=False)
    assert done.returncode == status and text in done.stderr, (words, done.returncode, done.stdout, done.stderr)


def by_hand(tap, stage):
    with tap.case("group set and connector set make one from YAML and from JSON, groups lists it"):
        path = stage.write("sales.yaml", "name: sales\npolicy: { busy: dnd }\n")
        assert "group acme/sales is set" in show(stage, "group", "set", path)
        path = stage.write("hook.json", json.dumps({"name": "hook", "type": "webhook", "token": "a-token-of-some-length"}))
        stage.offhook("connector", "set", path)
        assert re.search(r"sales +0 +the console", show(stage, "groups")), show(stage, "groups")
    with tap.case("user set adds people: one with rules of its own, one without"):
        text = f"email: {BO}\nname: Bo\nlines: [hq/202]\ngroup: sales\npolicy: {{ ringing: busy }}\n"
        done = stage.run(stage.binary("offhook"), "--socket", stage.folder / "api.sock", "user", "set", "-", text=text)
        assert f"user acme/{BO} is set" in done.stdout, done.stdout
        stage.offhook("user", "set", stage.write("cy.yaml", f"email: {CY}\nlines: [hq/203]\n"))
        stage.write("more.csv", f"email,name,lines,enabled,teams_id\n{DI},Di,hq/204 hook/1,no,{PINNED}\n")
        stage.offhook("users", "import", stage.folder / "more.csv")
        assert stage.explained(BO)["policy"]["busy"] == "dnd" and stage.explained(BO)["policy"]["ringing"] == "busy"
        assert stage.explained(CY)["policy"]["busy"] == "in-a-call"
    with tap.case("what is wrong is named by its keys"):
        path = stage.write("bad.yaml", "name: bad\ntype: sip\nserver: nonsense\nuzername: x\n")
        refused(stage, ("connector", "set", path), "uzername")
        refused(stage, ("group", "set", stage.write("no.yaml", "policy: {}\n")), "name must say which group", 2)
        refused(stage, ("group", "set", stage.write("no.yaml", "name: a\nname: b\n")), "no.yaml:2", 2)
        refused(stage, ("group", "set", stage.folder / "nowhere.yaml"), "nowhere.yaml", 2)
        refused(stage, ("user", "set", stage.write("no.yaml", f"email: {CY}x\ngroup: nobody\n")), "group")


def edited(tap, stage):
    with tap.case("show, edit, set: a secret that is not shown is kept"):
        text = show(stage, "connector", "show", "hook")
        assert "a-token" not in text and "token:\n  set: yes" in text and "# etag: " in text, text
        stage.offhook("connector", "set", stage.write("hook.yaml", text))
        assert "set: yes" in show(stage, "connector", "show", "hook")
    with tap.case("set does not undo what somebody has changed since it was shown"):
        text = show(stage, "group", "show", "sales")
        mine = stage.write("mine.yaml", text.replace("busy: dnd", "busy: in-a-call"))
        theirs = stage.write("theirs.yaml", text + "  ringing: busy\n")
        stage.offhook("group", "set", theirs)
        refused(stage, ("group", "set", mine), "HTTP 412")
        assert "ringing: busy" in show(stage, "group", "show", "sales")
        refused(stage, ("group", "set", stage.folder / "sales.yaml"), "begin with what offhook group show sales prints")
        stage.offhook("group", "set", "--yes", stage.folder / "sales.yaml")
        assert "ringing" not in show(stage, "group", "show", "sales")
    with tap.case("people are shown and edited alike, wherever they are kept"):
        for email, change, shown in ((BO, ("  ringing: busy", "  ringing: busy\n  dnd: preferred"), "group: sales"),
                                     (CY, ("lines:", "name: Cy\nlines:"), "hq/203"), (DI, ("name: Di", "name: Dido"), PINNED)):
            text = show(stage, "user", "show", email)
            assert shown in text, text
            stage.offhook("user", "set", stage.write("edited.yaml", text.replace(*change)))
            assert change[1].split("\n")[0] in show(stage, "user", "show", email), show(stage, "user", "show", email)
            refused(stage, ("user", "set", stage.folder / "edited.yaml"), "HTTP 412")
        got = json.loads(show(stage, "user", "show", DI, "--json"))
        stage.offhook("user", "set", stage.write("di.json", json.dumps({**got, "settings": {**got["settings"], "name": "Di"}})))
        assert "name: Di\n" in show(stage, "user", "show", DI) and PINNED in show(stage, "user", "show", DI)
    with tap.case("what stands in the file is shown with its place, and not changed"):
        text = show(stage, "connector", "show", "hq")
        assert re.search(r"# connector acme/hq, of .*offhook.yaml, line \d+", text), text
        refused(stage, ("connector", "set", stage.write("hq.yaml", text)), "HTTP 409")
        refused(stage, ("connector", "delete", "hq"), "HTTP 409")
        refused(stage, ("user", "delete", ANA), "HTTP 409")


def by_the_other_routes(tap, stage):
    api, path = Api(stage), f"/accounts/acme/users/{q(BO)}"
    with tap.case("the routes that know of no rules leave those of a person alone, and an import does not take it over"):
        settings = api.ask("GET", path + "/config")[1]["settings"]
        status, got, _ = api.ask("PUT", path, {"name": "Bob", "lines": ["hq/202"], "enabled": True, "teams_id": None})
        assert (status, got) == (200, {"change": "changed"}), (status, got)
        assert api.ask("GET", path + "/config")[1]["settings"] == {**settings, "name": "Bob"}
        status, got, _ = api.ask("POST", "/accounts/acme/users:import", f"email,name\n{BO},Bill\n")
        assert got["changed"] == 0 and "rules of its own" in got["errors"][0]["text"], got
        assert api.ask("PUT", path, {"lines": ["nowhere/1"]})[0] == 422
        assert api.ask("PUT", path, {"name": "Bo", "lines": ["hq/202"]})[0] == 200
        assert api.ask("GET", path + "/config")[1]["settings"] == settings
    with tap.case("a person of the console goes by the plain route too, with its rules"):
        other = path.replace("bo%40", "fay%40")
        assert api.ask("PUT", other + "/config", {"group": "sales"})[0] == 201
        assert api.ask("PUT", other + "/config", {"group": "sales"})[0] == 200  # it is so already
        assert api.ask("PUT", other + "/config", {"group": "sales", "name": "Fay"})[0] == 428
        assert api.ask("PUT", other + "/config", {"group": "none"}, If_Match="*")[0] == 422
        assert api.ask("PUT", other + "/config", {"email": "x@acme.example"}, If_Match="*")[0] == 422
        assert api.ask("DELETE", other)[0] == 200 and api.ask("GET", other + "/config")[0] == 404
        assert api.ask("PUT", "/accounts/acme/users/nobody/config", {})[0] == 422
        assert api.ask("GET", "/accounts/none/users/nobody/config")[0] == 404


def deleted(tap, stage):
    with tap.case("delete: what is needed stays, what is not goes"):
        refused(stage, ("group", "delete", "sales"), BO)
        refused(stage, ("connector", "delete", "hook"), DI)
        refused(stage, ("group", "delete", "nothing"), "HTTP 404")
        stage.offhook("group", "set", stage.write("idle.yaml", "name: idle\npolicy: { busy: dnd }\n"))
        assert "group acme/idle is deleted" in show(stage, "group", "delete", "idle")
        refused(stage, ("group", "show", "idle"), "HTTP 404")
        for rules in ("", "group: sales\n"):
            stage.offhook("user", "set", stage.write("eve.yaml", f"email: eve@acme.example\n{rules}"))
            stage.offhook("user", "delete", "eve@acme.example")
            refused(stage, ("user", "show", "eve@acme.example", "--account", "acme"), "HTTP 404")
    with tap.case("an account is made, and deleted"):
        stage.write("beta.yaml", "name: beta\nmode: off\nteams:\n  tenant: beta.example\n"
                                 f"  client_id: {CLIENT}\n  client_secret: hush\n")
        stage.offhook("account", "set", stage.folder / "beta.yaml")
        assert "mode: \"off\"" in show(stage, "account", "show", "beta")
        stage.offhook("account", "delete", "beta")
        refused(stage, ("account", "show", "beta"), "HTTP 404")


def as_seen(stage, control):
    """What colleagues see of each while all four phones talk, and the settings that each has."""
    http("POST", f"http://{control}/call", {"from": "201", "to": "202"})
    http("POST", f"http://{control}/call", {"from": "203", "to": "204"})
    await_that("bo's call keeps Teams from ringing", lambda: stage.teams_user(BO)["availability"] == "DoNotDisturb")
    await_that("ana and cy are busy", lambda: all(stage.teams_user(e)["availability"] == "Busy" for e in (ANA, CY)))
    seen = {e: stage.teams_user(e)["availability"] for e in (ANA, BO, CY, DI)}
    for phone in ("201", "203"):
        http("POST", f"http://{control}/hangup", {"phone": phone})
    await_that("all are free", lambda: all(stage.teams_user(e)["availability"] not in ("Busy", "DoNotDisturb")
                                           for e in (ANA, BO, CY)))
    kept = ("name", "enabled", "policy")
    return seen, {e: [stage.explained(e)[k] for k in kept] + [
        [(line["connector"], line["number"]) for line in stage.explained(e)["lines"]]] for e in (ANA, BO, CY, DI)}


def same(was, now):
    assert was == now, "\n".join(difflib.unified_diff(was.splitlines(), now.splitlines(), lineterm="", n=1))


def round_trip(tap, stage, control):
    before = as_seen(stage, control)
    with tap.case("export --out writes a file that offhookd takes, and no secret"):
        stage.offhook("export", "--out", stage.folder / "exported.yaml")
        text = (stage.folder / "exported.yaml").read_text()
        assert text == show(stage, "export") and "a-token" not in text and "e2e-secret" not in text
        done = stage.run(stage.binary("offhookd"), "-n", "-c", stage.folder / "exported.yaml")
        assert "1 accounts, 2 connectors, 4 people" in done.stdout, done.stdout + done.stderr
        refused(stage, ("export", "--out", stage.folder / "exported.yaml"), "exists already", 2)
    with tap.case("reloaded with the export in the place of offhook.yaml, everything is as before"):
        stage.write("offhook.yaml", text)
        stage.offhook("reload")
        for email in (BO, CY, DI):
            assert "offhook.yaml, line" in show(stage, "user", "show", email)
        assert as_seen(stage, control) == before
        same(text, show(stage, "export"))
    with tap.case("and so is a daemon that starts with nothing but the export and the secrets"):
        stage.kill("offhookd", 15)
        for path in (stage.folder / "data").glob("offhook.db*"):
            path.unlink()
        stage.daemon_start()
        assert as_seen(stage, control) == before
        same(text, show(stage, "export"))


def main():
    tap = Tap()
    with Stage("verbs") as stage:
        stage.teams_up({e: e for e in (ANA, BO, CY, DI)})
        stage.write("hq.secret", "bridge-secret\n")
        stage.start("pbxsim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--phones", "6", "--username",
                    "bridge", "--password-file", stage.folder / "hq.secret")
        pbx = stage.facts("pbxsim", "SIP", "CONTROL")
        stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml()}\
    connectors:
      - {{ name: hq, type: sip, server: "sip:{pbx['SIP']};transport=tcp", username: bridge, password_file: hq.secret }}
    users: [ {{ email: {ANA}, name: Ana, lines: [hq/201] }} ]
""")
        by_hand(tap, stage)
        edited(tap, stage)
        by_the_other_routes(tap, stage)
        deleted(tap, stage)
        await_that("the phones are known", lambda: all(
            line["sync"] == "synced" for e in (ANA, BO, CY) for line in stage.explained(e)["lines"] if line["connector"] == "hq"))
        round_trip(tap, stage, pbx["CONTROL"])
    tap.done()


if __name__ == "__main__":
    main()
