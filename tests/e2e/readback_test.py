#!/usr/bin/env python3
"""What others see of our session: read back app-only, judged, and told by explain, API, metrics and check."""
from stage import Stage, Tap, await_that

ANA, BEN = "ana@acme.example", "ben@acme.example"


def daemon(stage):
    stage.write("crm.token", "0123456789abcdef0123456789abcdef\n")
    stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml('      read_back: 1s')}
    connectors:
      - {{ name: crm, type: webhook, token_file: crm.token }}
    users:
      - {{ email: {ANA}, lines: [crm/1] }}
      - {{ email: {BEN}, lines: [crm/2] }}
""", wait=False)
    await_that("the API answers", lambda: stage.explained(ANA))
    for number in (1, 2):
        stage.run("curl", "-sS", "--fail", "--unix-socket", stage.folder / "api.sock", "-H", "Content-Type: application/json",
                  "-d", '{"state": "available"}', f"http://offhook/api/v1/accounts/acme/connectors/crm/lines/{number}/state")
    await_that("settled", lambda: all(stage.explained(e)["settled"] for e in (ANA, BEN)))


def shown(stage, email, word, pair=None):
    def holds():
        d = stage.explained(email)
        return d["shown"] == word and (pair is None or d["seen_pair"] == pair) and d
    return await_that(f"{email} is {word}", holds)


def session(stage, email, availability):
    stage.teams_control("POST", f"/users/{email}/session", {"availability": availability})


def words(d):
    return "\n".join(d["why"])


def verdicts(tap, stage):
    with tap.case("held and shown as sent"):
        stage.offhook("set", ANA, "busy")
        d = shown(stage, ANA, "as-sent", "Busy/InACall")
        assert "shown as sent" in words(d), words(d)
        assert "shown as sent" in stage.offhook("explain", ANA).stdout
    with tap.case("hidden by presenting"):
        stage.client(ANA, "presenting")
        assert "hidden by a more important session" in words(shown(stage, ANA, "hidden"))
        stage.client(ANA, "active")
        shown(stage, ANA, "as-sent")
    with tap.case("masked by a state set by hand: one more request, no alarm"):
        before = stage.teams_user(ANA)["writes"]
        stage.pin(ANA, "Available")
        assert "masked by a state set by hand" in words(shown(stage, ANA, "masked", "Available/Available"))
        await_that("one more request", lambda: stage.teams_user(ANA)["writes"] == before + 1)
        stage.pin(ANA, None)
        shown(stage, ANA, "as-sent")
        assert not stage.explained(ANA)["conflict"]
        assert 'offhook_engine_total{class="session_lost"} 0' in stage.metrics()
    with tap.case("masked by appear offline, told at once"):
        stage.pin(ANA, "Offline")
        shown(stage, ANA, "masked", "Offline/OffWork")
        stage.pin(ANA, None)
        shown(stage, ANA, "as-sent")
    with tap.case("Away is hidden while a client is active"):
        stage.client(BEN, "active")
        stage.offhook("set", BEN, "away")
        assert "Away is hidden because a Teams client is active" in words(shown(stage, BEN, "away-hidden"))
        stage.client(BEN, "signed-out")
        shown(stage, BEN, "as-sent", "Away/Away")


def odd_values(tap, stage):
    with tap.case("camelCase and null fields are read all the same"):
        stage.teams_control("POST", "/faults", [{"kind": "camel-case"}, {"kind": "null-fields"}])
        shown(stage, ANA, "as-sent", "busy/inACall")
        stage.teams_control("DELETE", "/faults")
        shown(stage, ANA, "as-sent", "Busy/InACall")
    with tap.case("words that no page lists judge nothing"):
        stage.teams_control("POST", "/faults", {"kind": "unknown-values"})
        shown(stage, ANA, "unreadable", "workingOnMars/workingOnMars")
        stage.teams_control("DELETE", "/faults")
        shown(stage, ANA, "as-sent", "Busy/InACall")


def conflict(tap, stage):
    with tap.case("another program with our client id clears our session: found, sent again, counted"):
        stage.offhook("set", BEN, "busy")
        shown(stage, BEN, "as-sent", "Busy/InACall")
        session(stage, BEN, None)
        await_that("counted", lambda: 'offhook_engine_total{class="session_lost"} 1' in stage.metrics())
        shown(stage, BEN, "as-sent", "Busy/InACall")
        assert not stage.explained(BEN)["conflict"]
    with tap.case("the second time it is a conflict: explain, API, metrics, check and log say so"):
        session(stage, BEN, None)
        stage.offhook("set", BEN, "available")
        await_that("conflict", lambda: stage.explained(BEN)["conflict"])
        await_that("metrics", lambda: 'offhook_users_conflict{account="acme"} 1' in stage.metrics())
        assert "another application writes the same user" in stage.offhook("explain", BEN).stdout
        check = stage.offhook("check", check=False)
        assert "written by another application" in check.stdout + check.stderr, check.stdout
        assert "was gone before its time" in (stage.folder / "offhookd.log").read_text()


def main():
    tap = Tap()
    with Stage("readback") as stage:
        stage.teams_up({ANA: ANA, BEN: BEN})
        daemon(stage)
        verdicts(tap, stage)
        odd_values(tap, stage)
        conflict(tap, stage)
    tap.done()


if __name__ == "__main__":
    main()
