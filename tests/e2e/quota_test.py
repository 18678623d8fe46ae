#!/usr/bin/env python3
"""Many changes at once against teamsim over HTTPS: batches when answers are slow, 429 inside one in both documented
forms, a quota that is smaller than configured, and the backlog in metrics and API."""
import json

from stage import Stage, Tap, await_that, http

N = 150
PEOPLE = [f"u{i}@acme.example" for i in range(N)]


def daemon(stage):
    stage.write("crm.token", "0123456789abcdef0123456789abcdef\n")
    stage.write("users.csv", "email,name,lines,enabled\n" + "".join(f"{e},{e},crm/{i},true\n" for i, e in enumerate(PEOPLE)))
    stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml('      quota: 6000/30s' + chr(10) + '      read_back: off')}
    connectors:
      - {{ name: crm, type: webhook, token_file: crm.token }}
    users_file: users.csv
""", wait=False)
    await_that("everybody is found", lambda: all(stage.explained(e)["graph"]["teams_id"] for e in PEOPLE))


def report(stage, state, people=range(N)):
    stage.write("events.json", json.dumps([{"line": str(i), "state": state} for i in people]))
    stage.run("curl", "-sS", "--fail", "--unix-socket", stage.folder / "api.sock", "-H", "Content-Type: application/json",
              "-d", "@events.json", "http://offhook/api/v1/accounts/acme/connectors/crm/events")


def shown(stage, availability):
    users = stage.teams_control("GET", "/state")["users"]
    return sum(u["availability"] == availability for u in users)


def counter(stage, name):
    return stage.teams_control("GET", "/counters")["requests"].get(name, 0)


def graph(stage):
    return http("GET", f"http://127.0.0.1:{stage.port}/api/v1/accounts")[1]["accounts"][0]["graph"]


def batches(tap, stage):
    with tap.case("answers of 600 ms: what one connection cannot carry goes in batches, each part counted"):
        stage.teams_control("POST", "/faults", {"kind": "slow", "delay_ms": 600,
                                                "ops": ["setPresence", "clearPresence"]})
        report(stage, "busy", range(16))
        await_that("the first", lambda: shown(stage, "Busy") == 16)
        await_that("the round trip is known", lambda: graph(stage)["round_trip_ms"] >= 500)
        report(stage, "busy")
        await_that("everybody", lambda: shown(stage, "Busy") == N)
        assert counter(stage, "batch") > 0
        assert counter(stage, "setPresence") == N, counter(stage, "setPresence")
        await_that("told", lambda: graph(stage)["batches"] == counter(stage, "batch"))


def throttled(tap, stage):
    for form in ("200", "424"):
        with tap.case(f"a quota of 40 in 3 s where 6000 in 30 s was configured, outer status {form}: all come through"):
            faults = [{"kind": "slow", "delay_ms": 600, "ops": ["setPresence", "clearPresence"]}]
            stage.teams_control("DELETE", "/faults")
            stage.teams_control("POST", "/faults", faults + ([{"kind": "batch-424"}] if form == "424" else []))
            stage.teams_control("POST", "/limiter", {"shape": "sliding", "quota": 40, "window_ms": 3000})
            state = ("available", "Offline") if form == "200" else ("busy", "Busy")
            report(stage, state[0])
            await_that("everybody", lambda: shown(stage, state[1]) == N)
            assert graph(stage)["throttled"] > 0
            await_that("nothing waits", lambda: graph(stage)["classes"]["clear"]["queued"] == 0)
    with tap.case("metrics tell backlog, delay by class and what was learned"):
        text = stage.metrics()
        for line in ('offhook_graph_backlog_ms{account="acme",class="rise"}', "offhook_graph_batches_total",
                     'offhook_graph_class_delay_ms_count{account="acme",class="clear"}', "offhook_graph_quota_now"):
            assert line in text, line


def main():
    tap = Tap()
    with Stage("quota") as stage:
        stage.teams_up({e: e for e in PEOPLE})
        daemon(stage)
        batches(tap, stage)
        throttled(tap, stage)
    tap.done()


if __name__ == "__main__":
    main()
