#!/usr/bin/env python3
"""A reload that changes the Microsoft side of an account counts at once: quota and read-back, another app
registration, an account renamed or gone."""
import re

from stage import CLIENT, Stage, Tap, await_that, http

ANA, BEN, CYD = "ana@acme.example", "ben@acme.example", "cyd@acme.example"
OTHER = "99999999-8888-7777-6666-000000000001"


def account(stage, sip, name="acme", client=CLIENT, teams=""):
    return f"""\
  - name: {name}
{stage.teams_yaml(teams).replace(CLIENT, client)}\
    connectors:
      - {{ name: hq, type: sip, server: "sip:{sip};transport=tcp", username: bridge, password_file: hq.secret }}
    users:
      - {{ email: {ANA}, lines: [hq/201] }}
      - {{ email: {BEN}, lines: [hq/202] }}
"""


def main():
    tap = Tap()
    with Stage("reload-teams") as stage:
        stage.teams_up({ANA: "Ana", BEN: "Ben", CYD: "Cyd"})
        stage.write("hq.secret", "bridge-secret\n")
        stage.start("pbxsim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--phones", 4, "--username",
                    "bridge", "--password-file", stage.folder / "hq.secret")
        pbx = stage.facts("pbxsim", "SIP", "CONTROL")
        stage.daemon_up(account(stage, pbx["SIP"], teams="      read_back: off\n"))

        def pbx_do(path, **what):
            assert http("POST", f"http://{pbx['CONTROL']}{path}", what)[0] < 300, (path, what)

        def reload(*accounts):
            stage.daemon_yaml("".join(accounts))
            return stage.offhook("reload").stdout

        seen = lambda email: stage.teams_user(email)["availability"]
        sessions = lambda: {s["app"] for s in stage.teams_user(ANA)["sessions"]}
        reads = lambda: stage.teams_user(ANA)["reads"]
        status = lambda: stage.offhook("status").stdout

        pbx_do("/call", **{"from": 201, "to": 203})
        await_that("busy", lambda: seen(ANA) == "Busy")
        with tap.case("read_back and quota of a reload count at once"):
            before = reads()
            reload(account(stage, pbx["SIP"], teams="      read_back: 1s\n      quota: 30/30s\n      quota_max: 30/30s\n"))
            await_that("read", lambda: reads() > before)
            await_that("the quota in force is 98 % of the new one",
                       lambda: re.search(r'^offhook_graph_quota_now\{.*\} 29$', stage.metrics(), re.M))
        with tap.case("another teams_id in a call: the former person is given back, the new one held"):
            ids = {e: stage.teams_user(e)["id"] for e in (ANA, BEN, CYD)}
            own = f"email: {ANA}, lines"
            reload(account(stage, pbx["SIP"]).replace(own, f"email: {ANA}, teams_id: {ids[CYD]}, lines"))
            await_that("moved", lambda: seen(CYD) == "Busy" and seen(ANA) == "Offline")
            pbx_do("/hangup", phone=201)
            await_that("nobody", lambda: seen(CYD) == seen(ANA) == "Offline")
            pbx_do("/call", **{"from": 201, "to": 203})
            await_that("the new one", lambda: seen(CYD) == "Busy")
            reload(account(stage, pbx["SIP"]))
            await_that("looked up again", lambda: seen(ANA) == "Busy" and seen(CYD) == "Offline")
        with tap.case("kill -9 in the call, another teams_id meanwhile: the former person is given back at the start"):
            for email, other, teams_id in ((CYD, ANA, True), (ANA, CYD, False)):
                stage.await_held_as(ids[other])
                stage.await_stored(ANA, 1)
                stage.kill("offhookd")
                assert seen(other) == "Busy", seen(other)
                yaml = account(stage, pbx["SIP"])
                stage.daemon_yaml(yaml.replace(own, f"email: {ANA}, teams_id: {ids[CYD]}, lines") if teams_id else yaml)
                stage.daemon_start()
                await_that("moved", lambda: (seen(email), seen(other)) == ("Busy", "Offline"))
        with tap.case("another app registration: held anew under it, given back under the former one"):
            stage.teams_control("POST", "/apps", {"client_id": OTHER, "client_secret": "e2e-secret",
                                                  "roles": "Presence.ReadWrite.All User.Read.All"})
            said = reload(account(stage, pbx["SIP"], client=OTHER))
            assert "another tenant or application" in said, said
            await_that("one session, of the new app", lambda: sessions() == {OTHER})
            assert seen(ANA) == "Busy"
        with tap.case("a call's end is given back under the new one, and nothing stays"):
            pbx_do("/hangup", phone=201)
            await_that("cleared", lambda: not sessions() and seen(ANA) == "Offline")
        with tap.case("a mistyped client id and back: it comes right"):
            reload(account(stage, pbx["SIP"], client="99999999-8888-7777-6666-00000000000f"))
            pbx_do("/call", **{"from": 201, "to": 203})
            await_that("refused in words", lambda: "AADSTS700016" in status())
            assert not sessions(), sessions()
            reload(account(stage, pbx["SIP"], client=OTHER))
            await_that("held", lambda: sessions() == {OTHER})
            assert "AADSTS" not in status(), status()
        with tap.case("a renamed account goes by its new name only, however often"):
            for n in range(20):  # more than there is room for beside one
                said = reload(account(stage, pbx["SIP"], name=f"acme{n}", client=OTHER))
                assert f"account acme{n}: teams" not in said, said
                await_that("the former one is gone", lambda: status().count("account acme") == 1)
            await_that("held", lambda: sessions() == {OTHER} and "1 sessions held" in status())
            assert "account acme19 (live): 2 users" in status(), status()
        with tap.case("an account that is gone gives everything back and is told of no more"):
            reload(account(stage, pbx["SIP"], name="beta", client=OTHER).replace("hq/201", "hq/204"))
            await_that("given back", lambda: not sessions())
            await_that("gone", lambda: 'account="acme19"' not in stage.metrics() and "acme19" not in status())
        with tap.case("kill -9 after all that: as configured"):
            stage.kill("offhookd")
            stage.daemon_start()
            pbx_do("/call", **{"from": 204, "to": 203})
            await_that("busy", lambda: sessions() == {OTHER})
        with tap.case("another app registration while the daemon is down: held under it, and what is left behind is told"):
            stage.await_stored(ANA, 1)
            stage.kill("offhookd")
            stage.daemon_yaml(account(stage, pbx["SIP"], name="beta").replace("hq/201", "hq/204"))
            stage.daemon_start()
            await_that("held under the new one too", lambda: sessions() == {OTHER, CLIENT})
            await_that("told", lambda: "account beta: another tenant or application than before this start; left under the former one: "
                       "1 sessions (they end by themselves by" in (stage.folder / "offhookd.log").read_text())
    tap.done()


if __name__ == "__main__":
    main()
