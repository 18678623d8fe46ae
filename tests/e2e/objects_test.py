#!/usr/bin/env python3
"""From an empty offhook.yaml to somebody who turns Busy, by the API alone; and what is made there stays."""
import json
import pathlib
import stat
import urllib.parse

from stage import CLIENT, TENANT, Socket, Stage, Tap, await_that, http as control_http

ANA, BO = "user201@acme.example", "user202@acme.example"
SECRETS = ["e2e-secret", "bridge-secret", "bridge-secret2"]


class Api:
    def __init__(self, stage):
        self.stage, self.said = stage, []

    def ask(self, method, path, body=None, **headers):
        """(status, document, headers); body: a dictionary, or text as it is"""
        c = Socket(self.stage.folder / "api.sock")
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        head = {"Content-Type": "text/csv" if isinstance(body, str) and "," in body and body[0] != "{" else
                "application/json"} if body is not None else {}
        head.update({k.replace("_", "-"): v for k, v in headers.items()})
        c.request(method, "/api/v1" + path, text.encode() if text is not None else None, head)
        answer = c.getresponse()
        got = answer.read().decode()
        self.said.append(got)
        c.close()
        self.stage.answered(method, "/api/v1" + path, answer.status, answer.headers, got,
                            body if isinstance(body, dict) else None)
        return answer.status, json.loads(got), answer.headers


def q(text):
    return urllib.parse.quote(text, safe="")


def account(stage, **more):
    return {"teams": {"tenant": TENANT, "client_id": CLIENT, "client_secret": "e2e-secret",
                      "login_url": stage.teams["LOGIN_URL"], "graph_url": stage.teams["GRAPH_URL"],
                      "ca": pathlib.Path(stage.teams["CA"]).read_text()}, **more}


def made_here(tap, stage, api, pbx):
    with tap.case("an account, its secret and its private CA are taken"):
        status, got, head = api.ask("PUT", "/accounts/acme/config", account(stage))
        assert status == 201 and got["origin"] == "console" and not got["read_only"], (status, got)
        assert got["settings"]["teams"]["client_secret"] == {"set": True}, got
        assert api.ask("GET", "/accounts/acme/config")[2]["ETag"] == head["ETag"] is not None
    with tap.case("a connector: a wrong one is refused by its keys, a good one is used at once"):
        status, got, _ = api.ask("PUT", "/accounts/acme/connectors/hq/config",
                                 {"type": "sip", "server": "nonsense", "uzername": "x"})
        assert status == 422 and {e["key"] for e in got["errors"]} >= {"uzername"}, (status, got)
        status, got, _ = api.ask("PUT", "/accounts/acme/connectors/hq/config", {
            "type": "sip", "server": f"sip:{pbx['SIP']};transport=tcp", "username": "bridge",
            "password": "bridge-secret"})
        assert status == 201, (status, got)
        await_that("it is listed", lambda: "hq" in {c["name"] for c in api.ask("GET", "/connectors")[1]["connectors"]})
    with tap.case("a group in an import is not read over: the row is refused, and the others are taken"):
        table = f"email,lines,group\n{BO},hq/202,front\nuser203@acme.example,hq/203,\n"
        status, got, _ = api.ask("POST", "/accounts/acme/users:import?dry_run=true", table)
        assert status == 200 and got["added"] == 1 and [e["row"] for e in got["errors"]] == [2], (status, got)
        assert "group" in got["errors"][0]["text"], got
    with tap.case("people: one by one, and by a table with two wrong rows, seen before it is taken"):
        status, got, _ = api.ask("PUT", f"/accounts/acme/users/{q(ANA)}", {"name": "Ana", "lines": ["hq/201"]})
        assert (status, got) == (201, {"change": "added"}), (status, got)
        status, got, _ = api.ask("PUT", f"/accounts/acme/users/{q(BO)}", {"lines": ["nowhere/1"]})
        assert status == 422 and "nowhere/1" in got["detail"], (status, got)
        table = f"email,name,lines,enabled\n{BO},Bo,hq/202,yes\nnobody,,,\nuser203@acme.example,C,xx/1,yes\n"
        for dry in ("true", "false"):
            status, got, _ = api.ask("POST", f"/accounts/acme/users:import?dry_run={dry}", table)
            assert status == 200 and got["added"] == 1 and len(got["errors"]) == 2, (status, got)
            assert got["changes"] == [{"email": BO, "change": "added"}], got
            if dry == "true":  # what asks for a look in other words changes nothing
                for word in ("dry_run=1", "dry_run=yes", "dryrun=true", "dry_run=true&x=1"):
                    assert api.ask("POST", f"/accounts/acme/users:import?{word}", table)[0] == 400, word


def a_call_shows(tap, stage, pbx, name):
    with tap.case(name):
        await_that("both phones are known", lambda: all(
            stage.explained(e)["lines"][0]["sync"] == "synced" for e in (ANA, BO)))
        control_http("POST", f"http://{pbx['CONTROL']}/call", {"from": "201", "to": "202"})
        await_that("both are busy", lambda: all(
            stage.teams_user(e)["availability"] == "Busy" for e in (ANA, BO)))
        control_http("POST", f"http://{pbx['CONTROL']}/hangup", {"phone": "201"})
        await_that("both are free", lambda: all(
            stage.teams_user(e)["availability"] != "Busy" for e in (ANA, BO)))


def tested(tap, api, pbx):
    path = "/accounts/acme/connectors/hq"
    with tap.case("one PBX is asked anew, and the one that is wrong is named; others are not asked"):
        def good():
            status, got, _ = api.ask("POST", path + "/test", {})
            assert status == 200 and [c["name"] for c in got["checks"]] == ["connector hq"], (status, got)
            return got["ok"] and got
        got = await_that("it has answered in time", good)
        assert "2 of 2 lines report" in got["checks"][0]["text"], got
        wrong = {"type": "ami", "server": "127.0.0.1:9", "username": "x", "password": "bridge-secret"}
        assert api.ask("PUT", "/accounts/acme/connectors/away/config", wrong)[0] == 201
        await_that("it is there", lambda: api.ask("POST", "/accounts/acme/connectors/away/test", {})[0] == 200)
        status, got, _ = api.ask("POST", "/accounts/acme/connectors/away/test", {})
        assert status == 200 and not got["ok"] and [c["name"] for c in got["checks"]] == ["connector away"], got
        assert api.ask("DELETE", "/accounts/acme/connectors/away/config", If_Match="*")[0] == 200
        assert api.ask("POST", "/accounts/acme/connectors/none/test", {})[0] == 404


def lost_updates(tap, stage, api):
    path = "/accounts/acme/connectors/hq/config"
    with tap.case("a change needs the ETag of what was read; secrets are kept when they are not given"):
        _, got, head = api.ask("GET", path)
        settings = got["settings"]
        assert api.ask("PUT", path, settings, If_None_Match="*")[0] == 412
        settings["first_notify"] = "20s"
        assert api.ask("PUT", path, settings)[0] == 428
        assert api.ask("PUT", path, settings, If_Match='"0000000000000000"')[0] == 412
        status, got, fresh = api.ask("PUT", path, settings, If_Match=head["ETag"])
        assert status == 200 and got["settings"]["first_notify"] == "20s", (status, got)
        assert got["settings"]["password"] == {"set": True} and fresh["ETag"] != head["ETag"]
        assert api.ask("PUT", path, {**settings, "first_notify": "21s"}, If_Match=head["ETag"])[0] == 412
    with tap.case("what has come already may be sent again as it was: its answer was lost; secrets too"):
        before = sorted(p.name for p in (stage.folder / "data" / "secrets").iterdir())
        for again in (settings, {**settings, "password": "bridge-secret"}):
            status, got, same = api.ask("PUT", path, again, If_Match=head["ETag"])
            assert status == 200 and same["ETag"] == fresh["ETag"] and got["settings"]["first_notify"] == "20s", (status, got)
        assert api.ask("PUT", path, settings)[0] == 200
        assert api.ask("PUT", path, {**settings, "password": "another"}, If_Match=head["ETag"])[0] == 412
        assert sorted(p.name for p in (stage.folder / "data" / "secrets").iterdir()) == before
    with tap.case("names of files are not taken, nothing is renamed, lists have their own paths"):
        _, got, head = api.ask("GET", path)
        for wrong in ({"password_file": "/etc/passwd"}, {"ca_file": "/etc/passwd"}, {"name": "other"}):
            status, got, _ = api.ask("PUT", path, {"type": "sip", "server": "sip:h", **wrong}, If_Match=head["ETag"])
            assert status == 422, (status, got)
        _, got, head = api.ask("GET", "/accounts/acme/config")
        assert api.ask("PUT", "/accounts/acme/config", {**got["settings"], "users_file": "/etc/passwd"},
                       If_Match=head["ETag"])[0] == 422
        assert api.ask("PUT", "/accounts/acme/config", {**got["settings"], "users": []}, If_Match=head["ETag"])[0] == 422
        assert api.ask("PUT", "/accounts/a b/config".replace(" ", "%20"), got["settings"])[0] == 422


def who_needs_it(tap, api):
    with tap.case("what others need is not deleted, and they are named"):
        for path, who in (("/accounts/acme/connectors/hq/config", "user20"), ("/accounts/acme/config", "user20")):
            status, got, _ = api.ask("DELETE", path, If_Match="*")
            assert status == 409 and who in got["detail"], (status, got)
    with tap.case("a group is made and removed; a rule of it that is wrong is refused"):
        assert api.ask("PUT", "/accounts/acme/groups/sales", {"policy": {"busy": "sometimes"}})[0] == 422
        assert api.ask("GET", "/accounts/acme/groups")[1] == {"groups": []}
        assert api.ask("PUT", "/accounts/acme/groups/sales", {"policy": {"busy": "dnd"}})[0] == 201
        one = api.ask("GET", "/accounts/acme/groups/sales")[1]
        assert api.ask("GET", "/accounts/acme/groups")[1] == {"groups": [{**one, "name": "sales", "people": 0}]}
        assert api.ask("GET", "/accounts/none/groups")[0] == 404
        assert api.ask("DELETE", "/accounts/acme/groups/sales", If_Match="*")[0] == 200
        assert api.ask("GET", "/accounts/acme/groups/sales")[0] == 404


def of_the_file(tap, api):
    with tap.case("what stands in offhook.yaml is shown with its place, and not changed here"):
        status, got, _ = api.ask("GET", "/accounts/filed/config")
        assert status == 200 and got["read_only"] and got["file"].endswith("offhook.yaml") and got["line"] > 1, got
        for method, path, body in (("PUT", "/accounts/filed/config", got["settings"]),
                                   ("DELETE", "/accounts/filed/config", None),
                                   ("PUT", "/accounts/filed/users/f%40acme.example", {"lines": []}),
                                   ("DELETE", "/accounts/filed/users/f%40acme.example", None)):
            status, got, _ = api.ask(method, path, body, If_Match="*")
            assert status == 409 and "offhook.yaml" in got["detail"], (method, path, status, got)
    with tap.case("but a connector is added to its account, and removed"):
        path = "/accounts/filed/connectors/extra/config"
        assert api.ask("PUT", path, {"type": "webhook", "token": "a-token-of-some-length"})[0] == 201
        assert api.ask("DELETE", path, If_Match="*")[0] == 200


def certified(tap, stage, api):
    def credential(path="/accounts/acme/setup/check"):
        status, got, _ = api.ask("POST", path, {})
        return next((s["state"], s["text"]) for s in got["steps"] if s["id"] == "credential")

    path = "/accounts/acme/certificate"
    secrets = stage.folder / "data" / "secrets"

    def signs_in_by_secret():
        teams = api.ask("GET", "/accounts/acme/config")[1]["settings"]["teams"]
        assert teams["client_secret"] == {"set": True} and "certificate" not in teams, teams
        state, text = credential()
        return state == "done" and "client secret signs in" in text

    with tap.case("a certificate made here waits, and the account stays signed in by its secret"):
        assert api.ask("GET", path)[0] == api.ask("PUT", path, {"use": True})[0] == api.ask("DELETE", path)[0] == 404
        status, first, _ = api.ask("POST", path, {})
        assert status == 200 and set(first) == {"certificate_pem", "sha1", "sha256", "expires", "in_use"}, (status, first)
        assert not first["in_use"] and api.ask("GET", path)[1] == first
        await_that("it signs in by its secret", signs_in_by_secret)
        waiting = api.ask("GET", "/accounts/acme/setup")[1]["certificate_waiting"]
        assert waiting == {"sha1": first["sha1"], "expires": first["expires"]}, waiting
        assert api.ask("DELETE", path)[0] == 200 and api.ask("GET", path)[0] == 404
        assert not list(secrets.glob("*.waiting*"))
    with tap.case("while Entra refuses it, it is not taken into use, and why is said"):
        status, made, _ = api.ask("POST", path, {})
        assert status == 200 and made["sha1"] != first["sha1"], (status, made)
        status, got, _ = api.ask("PUT", path, {"use": True})
        assert status == 409 and "AADSTS700027" in got["detail"] and "stays" in got["detail"], (status, got)
        assert api.ask("GET", path)[1] == made
        await_that("it signs in by its secret", signs_in_by_secret)
    with tap.case("it outlives a restart; uploaded, it signs in, in the place of the secret"):
        SECRETS.append((secrets / "acme.waiting").read_text().splitlines()[-5])
        stage.kill("offhookd", 15)
        stage.daemon_start()
        stage.teams_control("POST", f"/apps/{CLIENT}/certificates", {"certificate": made["certificate_pem"]})
        status, got, _ = api.ask("PUT", path, {"use": True})
        assert status == 200 and got == {**made, "in_use": True}, (status, got)
        teams = api.ask("GET", "/accounts/acme/config")[1]["settings"]["teams"]
        assert teams["certificate"] == teams["key"] == {"set": True} and "client_secret" not in teams, teams
        def signs_in_by_certificate():
            state, text = credential()
            return state == "done" and text
        text = await_that("it signs in", signs_in_by_certificate)
        assert made["sha1"] in text and "729 days" in text, text
        assert api.ask("GET", path)[0] == 404 and not list(secrets.glob("*.waiting*"))
        key = next(secrets.glob("acme.key.*"))
        SECRETS.append(key.read_text().splitlines()[5])
    with tap.case("with settings it makes an account; not one of the file, nor over one that is there"):
        of = {"teams": {"tenant": "new.example", "client_id": CLIENT}, "mode": "off"}
        assert api.ask("POST", "/accounts/new/certificate", {})[0] == 404
        assert api.ask("POST", "/accounts/filed/certificate", {})[0] == 409
        assert api.ask("POST", "/accounts/new/certificate", {"settings": {"mode": "never"}})[0] == 422
        assert api.ask("POST", "/accounts/new/certificate", {"settings": of})[0] == 201
        assert api.ask("POST", "/accounts/new/certificate", {"settings": of})[0] == 409
        assert api.ask("DELETE", "/accounts/new/config", If_Match="*")[0] == 200


def at_once(tap, api):
    """What was just made is there for the next request, whoever's turn it is to be told of it."""
    with tap.case("what was just made is at once there: for people, switches, profiles, reports, a token, and to read"):
        for i in range(3):
            name, path = f"quick{i}", f"/accounts/quick{i}"
            who = f"q{i}@acme.example"
            for method, at, body, wanted in (
                    ("PUT", f"{path}/config", {"teams": {"tenant": "q.example", "client_id": CLIENT, "client_secret": "e2e-secret"}, "mode": "off"}, 201),
                    ("PUT", f"{path}/users/{q(who)}", {"lines": []}, 201),
                    ("PUT", f"{path}/users/{q(who)}/profile", {"state": "away"}, 200),
                    ("GET", f"{path}/users/{q(who)}", None, 200),
                    ("PUT", f"{path}/connectors/hook/config", {"type": "webhook", "token": "a-token-of-some-length"}, 201),
                    ("PUT", f"{path}/users/{q(who)}", {"lines": ["hook/7"]}, 200),
                    ("POST", f"{path}/connectors/hook/lines/7/state", {"state": "busy"}, 200),
                    ("GET", f"{path}/connectors/hook/lines", None, 200),
                    ("POST", f"{path}/users:switch", {"emails": [who], "enabled": False}, 200),
                    ("PUT", f"{path}/users/{q(who)}/enabled", {"enabled": True}, 200),
                    ("POST", "/tokens", {"name": name, "role": "viewer", "account": name, "expires": None}, 201),
                    ("POST", "/clear", {"account": name}, 200),
                    ("DELETE", f"{path}/users/{q(who)}", None, 200),
                    ("DELETE", f"{path}/connectors/hook/config", None, 200),
                    ("DELETE", f"{path}/config", None, 200)):
                status, got, _ = api.ask(method, at, body, **({"If_Match": "*"} if at.endswith("config") and
                                                              method == "DELETE" else {}))
                assert status == wanted, (method, at, status, got)
    with tap.case("what is not there is answered so by whoever knows"):
        for method, at, body in (("PUT", "/accounts/none/users/a%40b.example", {}), ("POST", "/clear", {"account": "none"}),
                                 ("PUT", "/accounts/acme/users/no%40b.example/profile", {"state": "away"}),
                                 ("POST", "/accounts/none/setup/check", {}), ("POST", "/check", {"account": "none"})):
            status, got, _ = api.ask(method, at, body)
            assert status == 404, (method, at, status, got)


def recorded(tap, api):
    """Who changed what: what was so, and what is so now; never a secret."""
    last = lambda: api.ask("GET", "/audit?limit=1")[1]["changes"][0]
    group = "/accounts/acme/groups/noted"

    def told(verb, detail):
        await_that(f"{verb}: {detail}", lambda: (c := last())["verb"] == verb and c["detail"] == detail)
    with tap.case("the record of changes says what changed in settings, from what and to what"):
        assert api.ask("PUT", group, {"policy": {"busy": "dnd", "settle": "1s"}})[0] == 201
        told("put-group", "policy.busy: dnd; policy.settle: 1s")
        assert api.ask("PUT", group, {"policy": {"busy": "in-a-call", "ringing": "busy"}}, If_Match="*")[0] == 200
        told("put-group", "policy.busy: dnd → in-a-call; policy.ringing: busy; policy.settle: 1s → –")
        assert api.ask("DELETE", group, If_Match="*")[0] == 200
        path = "/accounts/acme/connectors/hq/config"
        settings = api.ask("GET", path)[1]["settings"]
        assert api.ask("PUT", path, {**settings, "password": "bridge-secret2"}, If_Match="*")[0] == 200
        told("put-connector", "password replaced")
        assert api.ask("PUT", path, {**settings, "password": "bridge-secret"}, If_Match="*")[0] == 200
    with tap.case("and of an import what it came to"):
        assert api.ask("POST", "/accounts/acme/users:import", "email,name,lines\nx@acme.example,X,\nnobody,,\n")[0] == 200
        told("import", "1 added, 0 changed, 1 rows refused")
        assert api.ask("DELETE", "/accounts/acme/users/x%40acme.example")[0] == 200


def switching(tap, api):
    with tap.case("people are switched off and on by the list; unknown ones are named"):
        for on in (False, True):
            status, got, _ = api.ask("POST", "/accounts/acme/users:switch",
                                     {"emails": [ANA, "no@body.example"], "enabled": on})
            assert status == 200 and got["switched"] == 1 and got["errors"][0]["email"] == "no@body.example", got


def exported(tap, stage, api):
    with tap.case("the export is a configuration that offhookd takes, without a secret in it"):
        _, got, _ = api.ask("GET", "/export")
        assert ANA in got["yaml"] and "filed" in got["yaml"], got["yaml"]
        path = stage.write("exported.yaml", got["yaml"])
        done = stage.run(stage.binary("offhookd"), "-n", "-c", path)
        assert "2 accounts, 1 connectors, 3 people" in done.stdout, done.stdout + done.stderr


def exported_above_the_file(tap, stage, api):
    """An import stands above the file: the export has what is in force, and offhookd takes it."""
    before = (stage.folder / "offhook.yaml").read_text()
    with tap.case("who stands in the file and was imported since is exported once, and each line is one person's"):
        stage.write("f.token", "another-token-of-length\n")
        stage.write("offhook.yaml", before.replace("    users: [ { email: f@acme.example } ]", """\
    connectors: [ { name: desk, type: webhook, token_file: f.token } ]
    users: [ { email: f@acme.example, lines: [ desk/1 ] }, { email: g@acme.example, lines: [ desk/2, desk/3 ] } ]"""))
        assert api.ask("POST", "/reload", {})[0] == 200
        status, got, _ = api.ask("POST", "/accounts/filed/users:import", "email,name,lines\nF@acme.example,Effie,desk/1 desk/2\n")
        assert status == 200 and got["changed"] == 1 and not got["errors"], got
        path = stage.write("exported.yaml", api.ask("GET", "/export")[1]["yaml"])
        done = stage.run(stage.binary("offhookd"), "-n", "-c", path)
        assert "4 people" in done.stdout, done.stdout + done.stderr
        text = path.read_text()
        assert text.lower().count("f@acme.example") == 1 and "Effie" in text and text.count("desk/2") == 1, text
        assert "lines: [desk/3]" in text, text
        assert api.ask("POST", "/accounts/filed/users:import", "email,lines\nf@acme.example,\n")[0] == 200
        stage.write("offhook.yaml", before)
        assert api.ask("POST", "/reload", {})[0] == 200


def secrets_stay(tap, stage, api):
    with tap.case("no secret is in an answer, the log or the store; their files are the daemon's alone"):
        everything = "\n".join(api.said) + "".join(p.read_text(errors="replace") for p in stage.folder.glob("*.log"))
        files = list((stage.folder / "data" / "secrets").iterdir())
        held = b"".join(p.read_bytes() for p in (stage.folder / "data").glob("offhook.db*"))
        assert all(s not in everything and s.encode() not in held for s in SECRETS)
        assert len(files) == 4, files
        assert all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in files)
        assert stat.S_IMODE((stage.folder / "data" / "secrets").stat().st_mode) == 0o700


def hidden(tap, stage, api):
    """What was made here is hidden by what the file came to have under its name; it can go all the same."""
    made = {"/accounts/filed/connectors/hook/config": {"type": "webhook", "token": "a-token-of-some-length"},
            "/accounts/filed/groups/sales": {"policy": {"busy": "dnd"}}}
    before = (stage.folder / "offhook.yaml").read_text()
    with tap.case("an object of the console that one of the file hides is shown as hidden, and can be deleted"):
        for path, settings in made.items():
            assert api.ask("PUT", path, settings)[0] == 201
        stage.write("hook.token", "another-token-of-length\n")
        stage.write("offhook.yaml", before.replace("    users: [ { email: f@acme.example } ]", """\
    groups: [ { name: sales, policy: { busy: in-a-call } } ]
    connectors: [ { name: hook, type: webhook, token_file: hook.token } ]
    users: [ { email: f@acme.example, group: sales, lines: [ hook/1 ] } ]"""))
        assert api.ask("POST", "/reload", {})[0] == 200
        for path in made:
            status, got, head = api.ask("GET", path)
            assert status == 200 and got["hidden"] and got["read_only"] and got["file"].endswith("offhook.yaml"), got
            assert api.ask("PUT", path, got["settings"], If_Match=head["ETag"])[0] == 409
            assert api.ask("DELETE", path)[0] == 428
            assert api.ask("DELETE", path, If_Match=head["ETag"])[0] == 200
            assert not api.ask("GET", path)[1]["hidden"] and api.ask("DELETE", path, If_Match="*")[0] == 409
        listed = api.ask("GET", "/accounts/filed/groups")[1]["groups"]
        assert [(g["name"], g["people"], g["read_only"]) for g in listed] == [("sales", 1, True)], listed
        stage.write("offhook.yaml", before)
        assert api.ask("POST", "/reload", {})[0] == 200
        assert all(api.ask("GET", path)[0] == 404 for path in made)


FILED = f"""\
  - name: filed
    mode: off
    teams: {{ tenant: filed.example, client_id: {CLIENT}, client_secret_file: acme.secret }}
    users: [ {{ email: f@acme.example }} ]
"""


def main():
    tap = Tap()
    with Stage("objects") as stage:
        stage.teams_up({ANA: "Ana", BO: "Bo"})
        stage.write("hq.secret", "bridge-secret\n")
        stage.start("pbxsim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--phones", "4", "--username",
                    "bridge", "--password-file", stage.folder / "hq.secret")
        pbx = stage.facts("pbxsim", "SIP", "CONTROL")
        stage.daemon_up(FILED)
        api = Api(stage)
        made_here(tap, stage, api, pbx)
        a_call_shows(tap, stage, pbx, "a call turns both busy")
        tested(tap, api, pbx)
        lost_updates(tap, stage, api)
        who_needs_it(tap, api)
        of_the_file(tap, api)
        certified(tap, stage, api)
        at_once(tap, api)
        hidden(tap, stage, api)
        switching(tap, api)
        recorded(tap, api)
        exported(tap, stage, api)
        exported_above_the_file(tap, stage, api)
        stage.kill("offhookd", 15)
        stage.daemon_start()
        a_call_shows(tap, stage, pbx, "a restart keeps all of it: a call turns both busy again")
        with tap.case("a reload keeps it too"):
            assert api.ask("POST", "/reload", {})[0] == 200
            assert api.ask("GET", "/accounts/acme/connectors/hq/config")[1]["in_force"]
        secrets_stay(tap, stage, api)
        with tap.case("taken away in order: people, connector, account; nothing is left of the secrets"):
            for who in (ANA, BO):
                assert api.ask("DELETE", f"/accounts/acme/users/{q(who)}")[0] == 200
            for path in ("/accounts/acme/connectors/hq/config", "/accounts/acme/config"):
                await_that(f"{path} can go", lambda: api.ask("DELETE", path, If_Match="*")[0] == 200)
            assert api.ask("GET", "/accounts/acme/config")[0] == 404
            assert not list((stage.folder / "data" / "secrets").iterdir())
    tap.done()


if __name__ == "__main__":
    main()
