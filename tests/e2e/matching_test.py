#!/usr/bin/env python3
"""Matching people against teamsim's directory: by alias, in another case, by object id from the CSV, by an attribute;
what is wrong with the others, and what to do; changes by delta, 410, a restart; on-boarding by hand and by group;
exclusion; and everything without the permission to read people."""
from stage import CLIENT, Stage, Tap, await_that, free_ports, http
from webhook_test import TOKEN, Sender

GUID = "cccccccc-0000-4000-8000-0000000000"
PEOPLE = [
    {"email": "ana.alder@acme.example", "upn": "aalder@corp.example", "aliases": ["ana@acme.example"], "id": GUID + "01"},
    {"email": "ben@acme.example", "id": GUID + "02"},
    {"email": "d1@acme.example", "aliases": ["dup@acme.example"], "id": GUID + "03"},
    {"email": "d2@acme.example", "aliases": ["dup@acme.example"], "id": GUID + "04"},
    {"email": "gus@acme.example", "guest": True, "id": GUID + "05"},
    {"email": "dis@acme.example", "disabled": True, "id": GUID + "06"},
    {"email": "uma@acme.example", "unlicensed": True, "id": GUID + "07"},
    {"email": "ida.other@acme.example", "id": GUID + "08"},
    {"email": "emp@corp.example", "id": GUID + "09"},
    {"email": "zoe@acme.example", "id": GUID + "10"},
]
USERS = f"""\
email,name,lines,teams_id
ana@acme.example,Ana,crm/201,
BEN@Acme.Example,Ben,crm/202,
dup@acme.example,Dup,crm/203,
gus@acme.example,Gus,crm/204,
dis@acme.example,Dis,crm/205,
uma@acme.example,Uma,crm/206,
ida@pbx.example,Ida,crm/207,{GUID}08
x301@pbx.example,Emp,crm/301,
nobody@acme.example,Nobody,crm/208,
ana.alder@acme.example,Ana twice,crm/209,
new@acme.example,New,crm/210,
zoe@acme.example,Zoe,crm/211,
"""
WORDS = {"ana@acme.example": "matched", "ana.alder@acme.example": "same-person", "BEN@Acme.Example": "matched",
         "dup@acme.example": "duplicate", "gus@acme.example": "guest", "dis@acme.example": "disabled",
         "uma@acme.example": "unlicensed", "ida@pbx.example": "matched", "x301@pbx.example": "matched",
         "nobody@acme.example": "unmatched", "new@acme.example": "unmatched", "zoe@acme.example": "matched"}


class Play:
    def __init__(self, stage):
        self.stage = stage
        self.hooks, = free_ports(1)
        self.sender = Sender(self.hooks)
        stage.teams_up({})
        stage.teams_control("POST", "/users", PEOPLE)
        stage.teams_control("PATCH", "/users/emp@corp.example", {"employee_id": "301"})
        stage.write("crm.token", TOKEN + "\n")
        stage.write("users.csv", USERS)

    def yaml(self, matching):
        return f"""\
  - name: acme
{self.stage.teams_yaml()}\
    matching: {{ by: [upn, mail, alias, attribute], attribute: employeeId, refresh: 2s, {matching} }}
    connectors:
      - {{ name: crm, type: webhook, token_file: crm.token }}
    users_file: users.csv
"""

    def up(self, matching="onboarding: auto"):
        return self.stage.daemon_up(self.yaml(matching), server=f"  webhooks: 127.0.0.1:{self.hooks}\n")

    def reload(self, matching):
        text = (self.stage.folder / "offhook.yaml").read_text()
        head = text[:text.index("accounts:")]
        self.stage.write("offhook.yaml", head + "accounts:\n" + self.yaml(matching))
        self.stage.offhook("reload")

    def report(self, state="all"):
        status, doc = http("GET", f"http://127.0.0.1:{self.stage.port}/api/v1/accounts/acme/matching?limit=1000&state={state}")
        assert status == 200, doc
        return doc

    def row(self, email):
        return next(u for u in self.report()["users"] if u["email"] == email)

    def match(self, email):
        return self.row(email)["match"]

    def busy(self, number):
        status, doc, _ = self.sender.line(number, {"state": "busy"})
        assert status < 300, (status, doc)

    def idle(self, number):
        status, doc, _ = self.sender.line(number, {"state": "idle"})
        assert status < 300, (status, doc)

    def shown(self, email):
        return self.stage.teams_control("GET", f"/users/{email}")["availability"]

    def deltas(self):
        return [r for r in self.stage.teams_control("GET", "/log?n=1000")["log"] if r["op"] == "usersDelta"]


def everybody(tap, play):
    with tap.case("everybody gets a word: alias, case, CSV id, attribute; duplicate, guest, disabled, unlicensed, unmatched"):
        def words():
            return {u["email"]: u["match"] for u in play.report()["users"]} == WORDS
        await_that("the directory is read", words, 200)  # a first reading that fails is tried again after a minute
        via = {u["email"]: u["via"] for u in play.report()["users"]}
        assert via["ana@acme.example"] == "alias" and via["x301@pbx.example"] == "attribute", via
        assert via["ida@pbx.example"] == "teams_id", via
        assert play.row("ana@acme.example")["directory_id"] == GUID + "01"
    with tap.case("the report holds whom something is wrong with, each with a reason and what to do"):
        def report():
            return http("GET", f"http://127.0.0.1:{play.stage.port}/api/v1/accounts/acme/matching")[1]
        await_that("all have been judged", lambda: report()["matches"]["guest"] == 1 and report()["matches"]["disabled"] == 1)
        doc = report()
        wrong = {u["email"] for u in doc["users"]}
        assert wrong == {e for e, w in WORDS.items() if w != "matched"}, wrong
        assert all(u["reason"] and u["fix"] and not u["synchronised"] for u in doc["users"]), doc["users"]
        assert doc["matches"]["matched"] == 5 and doc["matches"]["guest"] == 1, doc["matches"]
        assert {u["email"] for u in play.report("guest")["users"]} == {"gus@acme.example"}
        same = next(u for u in doc["users"] if u["match"] == "same-person")
        assert "ana@acme.example" in same["reason"], same
        said = play.stage.offhook("matching").stdout
        assert "dup@acme.example" in said and "give teams_id" in said and "ben@" not in said.lower(), said
        assert "BEN@Acme.Example" in play.stage.offhook("matching", "--state", "all").stdout
        status, problem = http("GET", f"http://127.0.0.1:{play.stage.port}/api/v1/accounts/acme/matching?state=odd")
        assert status == 400, problem
        why = " ".join(play.stage.explained("gus@acme.example")["why"])
        assert "only a guest account" in why, why
        assert 'offhook_users_by_match{account="acme",match="guest"} 1' in play.stage.metrics()
    with tap.case("who matches is synchronised, the others are not"):
        for number in ("201", "202", "203", "204", "206", "207", "209", "301"):
            play.busy(number)
        for person in ("ana.alder@acme.example", "ben@acme.example", "ida.other@acme.example", "emp@corp.example"):
            await_that(f"{person} is busy", lambda: play.shown(person) == "Busy")
        for person in ("d1@acme.example", "d2@acme.example", "gus@acme.example", "uma@acme.example"):
            assert play.stage.teams_control("GET", f"/users/{person}")["session"] is None, person
    with tap.case("check names the permissions, least first"):
        done = play.stage.offhook("check", check=False)
        assert done.returncode == 1, done.stdout
        text = done.stdout
        assert text.index("permission Presence.ReadWrite.All") < text.index("permission User.Read.All"), text
        assert "GroupMember" not in text, text
        assert "offhook matching names them" in text and "read, and kept fresh" in text, text


def changes(tap, play):
    stage = play.stage
    with tap.case("a new person is picked up within the interval, by delta"):
        fulls = len([r for r in play.deltas() if "$select" in r["path"]])
        stage.teams_control("POST", "/users", {"email": "New@acme.example", "id": GUID + "20"})
        await_that("new is found", lambda: play.match("new@acme.example") == "matched")
        play.busy("210")
        await_that("and busy", lambda: play.shown("new@acme.example") == "Busy")
        assert len([r for r in play.deltas() if "$select" in r["path"]]) == fulls
    with tap.case("what changes follows: alias taken away, guest made member, licence, account off, deleted"):
        stage.teams_control("PATCH", "/users/gus@acme.example", {"guest": False})
        stage.teams_control("PATCH", "/users/uma@acme.example", {"unlicensed": False})
        stage.teams_control("PATCH", "/users/zoe@acme.example", {"disabled": True})
        stage.teams_control("DELETE", "/users/new@acme.example")
        stage.teams_control("PATCH", "/users/d2@acme.example", {"aliases": []})
        for email, word in (("gus@acme.example", "matched"), ("uma@acme.example", "matched"),
                            ("zoe@acme.example", "disabled"), ("new@acme.example", "unmatched"),
                            ("dup@acme.example", "matched")):
            await_that(f"{email} is {word}", lambda: play.match(email) == word)
        await_that("gus is busy", lambda: play.shown("gus@acme.example") == "Busy")
    with tap.case("410: everybody is read again, and nobody is lost meanwhile"):
        stage.teams_control("POST", "/faults", {"kind": "delta-gone", "count": 1})
        before = len([r for r in play.deltas() if "$select" in r["path"]])
        await_that("a full reading", lambda: len([r for r in play.deltas() if "$select" in r["path"]]) > before)
        assert any(r["status"] == 410 for r in play.deltas())
        stage.teams_control("POST", "/users", {"email": "nobody@acme.example", "id": GUID + "21"})
        await_that("changes go on", lambda: play.match("nobody@acme.example") == "matched")
        assert play.match("ana@acme.example") == "matched" and play.shown("ana.alder@acme.example") == "Busy"
        log = (stage.folder / "offhookd.log").read_text()
        assert "everybody is read again" in log, log[-2000:]
    with tap.case("a restart goes on from the kept delta link, and knows everybody at once"):
        await_that("kept", lambda: play.match("ana@acme.example") == "matched")
        ends = play.deltas()[-1]["id"]
        await_that("one more reading", lambda: play.deltas()[-1]["id"] > ends)
        stage.kill("offhookd", 15)
        mark = play.deltas()[-1]["id"]
        stage.daemon_start()
        await_that("read on", lambda: play.deltas()[-1]["id"] > mark)
        fresh = [r for r in play.deltas() if r["id"] > mark]
        assert all("deltatoken" in r["path"] for r in fresh), fresh
        words = {u["email"]: u["match"] for u in play.report()["users"]}
        assert words["ana.alder@acme.example"] == "same-person" and words["zoe@acme.example"] == "disabled", words
        assert "waiting" not in words.values(), words


def onboarding(tap, play):
    stage = play.stage
    with tap.case("selected: nobody but whom a hand or a group has chosen; the group needs its permission"):
        inner = stage.teams_control("POST", "/groups", {"name": "inner", "members": ["ben@acme.example"]})
        outer = stage.teams_control("POST", "/groups", {"name": "outer", "members": ["uma@acme.example"], "groups": [inner["id"]]})
        play.reload(f"onboarding: selected, groups: ['{outer['id']}']")
        await_that("everybody is off", lambda: play.report()["onboarding"]["not-selected"] == len(WORDS))
        await_that("given back", lambda: stage.teams_control("GET", "/users/ana.alder@acme.example")["session"] is None)
        text = stage.offhook("check", check=False).stdout
        assert "permission GroupMember.Read.All" in text and "missing" in text, text
        stage.teams_control("POST", f"/apps/{CLIENT}/roles",
                            {"roles": "Presence.ReadWrite.All User.Read.All GroupMember.Read.All"})
        stage.teams_control("POST", "/faults", {"kind": "expire-tokens"})
        await_that("the group is on, nested ones too", lambda: play.row("BEN@Acme.Example")["onboarding"] == "on"
                   and play.row("uma@acme.example")["in_group"])
        play.busy("202")
        await_that("ben is busy again", lambda: play.shown("ben@acme.example") == "Busy")
        stage.offhook("enable", "ana@acme.example")
        play.busy("201")
        await_that("ana is busy again", lambda: play.shown("ana.alder@acme.example") == "Busy")
    with tap.case("who leaves the group goes off, what the hand did stays, over a reload and a restart"):
        stage.teams_control("POST", "/groups", {"name": "inner", "members": []})
        await_that("ben is off", lambda: play.row("BEN@Acme.Example")["onboarding"] == "not-selected")
        await_that("and given back", lambda: stage.teams_control("GET", "/users/ben@acme.example")["session"] is None)
        stage.offhook("reload")
        assert play.row("ana@acme.example")["onboarding"] == "on"
        ends = play.deltas()[-1]["id"]
        await_that("one more reading", lambda: play.deltas()[-1]["id"] > ends)
        stage.kill("offhookd", 15)
        stage.daemon_start()
        assert play.row("ana@acme.example")["onboarding"] == "on"
        assert play.row("uma@acme.example")["onboarding"] == "on"
        assert play.row("BEN@Acme.Example")["onboarding"] == "not-selected"
    with tap.case("exclusion stands above all; the hand is told so"):
        play.reload("onboarding: auto, exclude: [Ana@acme.example]")
        await_that("ana is excluded", lambda: play.row("ana@acme.example")["onboarding"] == "excluded")
        await_that("and given back", lambda: stage.teams_control("GET", "/users/ana.alder@acme.example")["session"] is None)
        await_that("ben is back", lambda: play.row("BEN@Acme.Example")["onboarding"] == "on")
        done = stage.offhook("enable", "ana@acme.example", check=False)
        assert done.returncode == 1 and "matching.exclude" in done.stderr, done.stderr
        stage.offhook("disable", "BEN@Acme.Example")
        await_that("ben is off by hand", lambda: play.row("BEN@Acme.Example")["onboarding"] == "switched-off")
    with tap.case("guests and unlicensed people are taken where the account says so"):
        stage.teams_control("PATCH", "/users/gus@acme.example", {"guest": True})
        await_that("a guest", lambda: play.match("gus@acme.example") == "guest")
        play.reload("take: [guest, unlicensed]")
        await_that("is taken", lambda: play.match("gus@acme.example") == "matched")


def unpermitted(tap):
    with Stage("matching-bare") as stage:
        play = Play(stage)
        stage.teams_control("POST", f"/apps/{CLIENT}/roles", {"roles": "Presence.ReadWrite.All"})
        play.up()
        with tap.case("without User.Read.All object ids work as ever, and check says what is missing"):
            play.busy("207")
            await_that("ida is busy", lambda: play.shown("ida.other@acme.example") == "Busy")
            await_that("the reading has failed", lambda: "cannot be read" in stage.offhook("check", check=False).stdout)
            text = stage.offhook("check", check=False).stdout
            assert "permission User.Read.All" in text and "missing" in text, text
            assert play.match("ida@pbx.example") == "matched"
            assert play.match("ana@acme.example") == "waiting"


def main():
    tap = Tap()
    with Stage("matching") as stage:
        play = Play(stage)
        play.up()
        everybody(tap, play)
        changes(tap, play)
        onboarding(tap, play)
    unpermitted(tap)
    tap.done()


if __name__ == "__main__":
    main()
