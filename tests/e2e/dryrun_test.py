#!/usr/bin/env python3
"""An account in dry-run computes, explains and measures, and writes neither to Teams nor to the PBX; `offhook preview`
says who would look different under another policy."""
import json
import re

from stage import Stage, Tap, await_that, http

ANA, BEN, CYD = "ana@acme.example", "ben@acme.example", "cyd@acme.example"
WRITES = ("setPresence", "clearPresence", "setUserPreferredPresence", "clearUserPreferredPresence", "setStatusMessage")


class World:
    def __init__(self, stage):
        self.stage = stage
        stage.teams_up({ANA: "Ana Alder", BEN: "Ben Birch", CYD: "Cyd Cedar"})
        stage.start("pbxsim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--style", "kamailio")
        self.pbx = stage.facts("pbxsim", "SIP", "CONTROL", "READY")

    def yaml(self, mode, policy):
        return f"""\
  - name: acme
{self.stage.teams_yaml("      read_back: 1s" + chr(10))}\
    mode: {mode}
    policy: {{ {policy} }}
    connectors:
      - {{ name: hq, type: sip, server: "sip:{self.pbx['SIP']};transport=tcp", package: presence, profile: both }}
    users:
      - {{ email: {ANA}, lines: [hq/201] }}
      - {{ email: {BEN}, lines: [hq/202] }}
      - {{ email: {CYD}, lines: [hq/203], policy: {{ busy: dnd, ringing: busy }} }}
"""

    def reload(self, mode, policy):
        path = self.stage.folder / "offhook.yaml"
        text = path.read_text()
        path.write_text(text[:text.index("  - name: acme")] + self.yaml(mode, policy))
        self.stage.offhook("reload")

    def control(self, path, **body):
        status, answer = http("POST" if body else "GET", f"http://{self.pbx['CONTROL']}{path}", body or None)
        assert status < 300, (path, body, answer)
        return answer

    def publishes(self):
        return self.control("/counters")["publishes"]

    def teams_writes(self):
        users = self.stage.teams_control("GET", "/state")["users"]
        log = self.stage.teams_control("GET", "/log?n=1000")["log"]
        return sum(u["writes"] for u in users) + sum(1 for r in log if r["path"].endswith(WRITES))

    def metric(self, name):
        return float(re.search(rf"^offhook_{name} (\S+)$", self.stage.metrics(), re.M).group(1))


POLICY = "dnd: preferred, status_text: { call: On the phone }"


def dry(tap, w, stage):
    stage.daemon_up(w.yaml("dry-run", POLICY))
    explained = lambda email: stage.explained(email)
    with tap.case("everything is computed: lines, the profile, what would be held"):
        await_that("synced", lambda: all(l["sync"] == "synced" for e in (ANA, BEN, CYD) for l in explained(e)["lines"]))
        w.control("/call", **{"from": 201, "to": 202})
        await_that("busy", lambda: explained(ANA)["combined"] == "busy" and explained(BEN)["combined"] == "busy")
        w.control("/dnd", phone=203, on=True)
        stage.offhook("set", CYD, "away", "--until", "2h")
        await_that("away", lambda: explained(CYD)["combined"] == "away")
    with tap.case("and explained"):
        said = stage.offhook("explain", ANA).stdout
        assert "dry-run" in said and "it would be call" in said, said
        assert explained(ANA)["session"] == "none"
    with tap.case("and measured"):
        await_that("desired", lambda: w.metric('sessions_desired{account="acme"}') == 3)
        assert w.metric('sessions_held{account="acme"}') == 0
        await_that("counted", lambda: w.metric('engine_total{class="would_hold"}') >= 3)
    with tap.case("and Teams is read all the same"):
        stage.client(BEN, "active")
        await_that("seen", lambda: explained(BEN)["seen"] == "available")
    with tap.case("but nothing is written, to Teams or to the PBX"):
        w.control("/hangup", phone=201)
        await_that("idle", lambda: explained(ANA)["combined"] == "available")
        await_that("would be given back", lambda: w.metric('engine_total{class="would_clear"}') >= 2)
        assert w.teams_writes() == 0, stage.teams_control("GET", "/log?n=100")
        assert w.publishes() == 0, w.publishes()


def live(tap, w, stage):
    with tap.case("switched to live, what was computed is written: the counters above do count"):
        w.reload("live", POLICY)
        await_that("Away in Teams", lambda: stage.teams_user(CYD)["availability"] == "Away")
        await_that("published", lambda: w.publishes() > 0)
        w.control("/call", **{"from": 201, "to": 202})
        await_that("busy", lambda: stage.teams_user(ANA)["availability"] == "Busy")
        await_that("text", lambda: stage.teams_user(ANA)["message"] == "On the phone")
    with tap.case("back in dry-run: what is ours is given back once, and nothing more is written"):
        w.reload("dry-run", POLICY)
        await_that("given back", lambda: all(stage.teams_user(e)["session"] is None for e in (ANA, BEN, CYD)))
        await_that("text too", lambda: all(stage.teams_user(e)["message"] is None for e in (ANA, BEN)))
        await_that("done", lambda: not any(stage.explained(e)["graph"]["status_text_ours"] for e in (ANA, BEN)))
        writes, publishes = w.teams_writes(), w.publishes()
        stage.offhook("set", BEN, "away")
        await_that("away", lambda: stage.explained(BEN)["combined"] == "away")
        stage.offhook("set", BEN, "available")
        await_that("busy", lambda: stage.explained(BEN)["combined"] == "busy")
        assert (w.teams_writes(), w.publishes()) == (writes, publishes)


def preview(tap, w, stage):
    def tried(text, check=True):
        stage.write("policy.yaml", text)
        return stage.offhook("preview", stage.folder / "policy.yaml", check=check)
    with tap.case("preview: calls as Do not disturb; a person's own rules stay"):
        stage.offhook("set", CYD, "available")
        w.control("/dnd", phone=203, on=False)
        await_that("cyd", lambda: stage.explained(CYD)["combined"] == "available")
        w.control("/call", **{"from": 204, "to": 203})
        await_that("cyd rings", lambda: stage.explained(CYD)["combined"] == "busy")
        said = tried("busy: dnd\n").stdout
        assert "2 of 3 people" in said and ANA in said and BEN in said, said
        assert re.search(rf"{ANA} +Busy/InACall, \"On the phone\" +-> DoNotDisturb/Presenting", said), said
        changes = json.loads(stage.offhook("--json", "preview", stage.folder / "policy.yaml").stdout)
        assert changes["differ"] == 2 and {c["email"] for c in changes["changes"]} == {ANA, BEN}, changes
    with tap.case("preview: outside working hours, texts, and nothing at all"):
        said = tried('policy: { hours: { zone: UTC, open: ["daily 00:00-24:00"], holidays: ['
                     + ", ".join(f"{m:02}-{d:02}" for m in range(1, 13) for d in (1, 8, 15, 22)) + "] } }").stdout
        assert "of 3 people" in said, said
        said = tried("status_text: { call: In a call }\n").stdout
        assert "2 of 3" in said or "3 of 3" in said, said
        assert "0 of 3 people" in tried("settle: 5s\n").stdout
    with tap.case("preview: a policy that cannot be taken is refused with its line, and nothing has changed"):
        refused = tried("busy: sometimes\n", check=False)
        assert refused.returncode == 1 and "busy" in refused.stderr and "in-a-call or dnd" in refused.stderr, refused
        assert stage.explained(ANA)["combined"] == "busy"


def main():
    tap = Tap()
    with Stage("dryrun") as stage:
        w = World(stage)
        dry(tap, w, stage)
        live(tap, w, stage)
        preview(tap, w, stage)
    tap.done()


if __name__ == "__main__":
    main()
