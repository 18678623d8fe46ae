#!/usr/bin/env python3
"""How a subscription fares is told as it is now: by explain, by the log, and with the configured time in it."""
from stage import Stage, Tap, await_that, http

ANA, BEN = "ana@acme.example", "ben@acme.example"


def main():
    tap = Tap()
    with Stage("links") as stage:
        stage.teams_up({e: e for e in (ANA, BEN)})
        stage.write("hq.secret", "bridge-secret\n")
        stage.start("pbxsim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--phones", 2, "--username",
                    "bridge", "--password-file", stage.folder / "hq.secret")
        pbx = stage.facts("pbxsim", "SIP", "CONTROL")
        fault = lambda **body: http("POST", f"http://{pbx['CONTROL']}/fault", body)
        assert fault(kind="skipped", phone="202", count=1000)[0] == 200
        stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml()}\
    connectors:
      - {{ name: hq, type: sip, server: "sip:{pbx['SIP']};transport=tcp", username: bridge, password_file: hq.secret, first_notify: 3s }}
    users:
      - {{ email: {ANA}, lines: [hq/201] }}
      - {{ email: {BEN}, lines: [hq/202] }}
""", wait=False)
        line = lambda email: stage.explained(email)["lines"][0]
        with tap.case("200 without a NOTIFY: explain says so, soon after the configured 3 s"):
            # while it is asked anew, there is no reason for a moment
            def said():
                now = line(BEN)
                return (now["reason"], now["link"]) == ("accepted, but no first report came", "waiting")
            await_that("said", said)
            await_that("explained", lambda: "accepted, but no first report came" in stage.offhook("explain", BEN).stdout)
        with tap.case("the log says which line, and how long it was waited for"):
            log = (stage.folder / "offhookd.log").read_text()
            said = [l for l in log.splitlines() if "no first report" in l]
            assert all("within 3 s" in l for l in said) and [l for l in said if "202" in l], said
        with tap.case("the other line is live, and its link is lost: told too"):
            await_that("live", lambda: line(ANA)["link"] == "live")
            stage.kill("pbxsim")
            await_that("lost", lambda: line(ANA)["link"] != "live")
    tap.done()


if __name__ == "__main__":
    main()
