#!/usr/bin/env python3
"""A list of 200 lines on a real Asterisk 22, which answers 200 and never sends so large a NOTIFY: "list too large" is
reported after 32 s, the lines are subscribed singly, and a call on one of them is seen. Needs ../shared/peers."""
import json
import subprocess

from cases_asterisk_test import Asterisk
from stage import SHARED, Stage, Tap, await_that

LINES = range(2000, 2200)


def main():
    tap = Tap()
    if not (SHARED / "asterisk" / "start.sh").exists():
        tap.skip("a list too large for Asterisk 22", "../shared/peers is absent")
        return tap.done()
    with Stage("list") as stage:
        pbx = Asterisk(stage)
        with open(stage.folder / "asterisk" / "etc" / "pjsip.conf", "a") as f:
            f.write("\n[big]\ntype = resource_list\nevent = dialog\nfull_state = no\n")
            f.writelines(f"list_item = {n}\n" for n in LINES)
        subprocess.run([SHARED / "asterisk" / "cli.sh", "module reload res_pjsip.so"], env=pbx.env, check=True,
                       capture_output=True, timeout=60)
        stage.teams_up({f"u{n}@acme.example": f"User {n}" for n in LINES})
        stage.write("hq.secret", "bridge-secret\n")
        stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml()}\
    connectors:
      - name: hq
        type: sip
        server: "sip:{pbx.sips};transport=tls"
        username: bridge
        password_file: hq.secret
        ca_file: {pbx.ca}
        lists: ["sip:big@{pbx.sips}"]
    users:
""" + "".join(f"      - {{ email: u{n}@acme.example, lines: [hq/{n}] }}\n" for n in LINES), wait=False)
        shown = lambda: json.loads(stage.offhook("connectors", "--json").stdout)["connectors"][0]
        with tap.case("32 s without a first NOTIFY: reported as too large, in the log and in the metrics"):
            log = stage.folder / "offhookd.log"
            await_that("told", lambda: "list too large" in log.read_text() and "sip:big@" in log.read_text())
            await_that("counted", lambda: 'class="list_too_large"} 1' in stage.metrics())
        with tap.case("all 200 lines are subscribed singly"):
            await_that("all live", lambda: shown()["live"] == len(LINES))
        with tap.case("and a call on one of them is seen"):
            for state, seen in (("INUSE", "Busy"), ("NOT_INUSE", "Offline")):
                pbx.manager.action(Action="Setvar", Variable="DEVICE_STATE(Custom:line2107)", Value=state)
                await_that(seen, lambda: stage.teams_user("u2107@acme.example")["availability"] == seen)
    tap.done()


if __name__ == "__main__":
    main()
