#!/usr/bin/env python3
"""A Teams meeting as a device of a real Asterisk: Custom:teams-1001, written over AMI, and as the lamp of a phone that
subscribes to a hint of it there. What our own session shows in Teams never gets there. Needs ../shared/peers."""
import signal
import subprocess

from ami_test import Manager
from cases_asterisk_test import Asterisk
from stage import SHARED, Stage, Tap, await_that
from watchers import Watchers

ANA = "ana@acme.example"


def state(pbx):
    return pbx.asker.ask(Action="Getvar", Variable="DEVICE_STATE(Custom:teams-1001)")["Value"]


def main():
    tap = Tap()
    if not (SHARED / "asterisk" / "start.sh").exists():
        tap.skip("lamps of Asterisk 22", "../shared/peers is absent")
        return tap.done()
    with Stage("lampasterisk") as stage:
        pbx = Asterisk(stage)
        pbx.asker = Manager(pbx.ami, pbx.ami_login)
        subprocess.run([SHARED / "asterisk" / "cli.sh", "dialplan add extension 8001,hint,Custom:teams-1001 into hints"],
                       env=pbx.env, check=True, capture_output=True, timeout=60)
        stage.teams_up({ANA: ANA})
        stage.write("hq.secret", "bridge-secret\n")
        ana = f"users:\n      - {{ email: {ANA}, lines: [hq/1001] }}"
        ben = "users:\n      - { email: ben@acme.example, lines: [hq/1002] }"
        text = f"""\
  - name: acme
{stage.teams_yaml("      read_back: 1s" + chr(10))}\
    policy: {{ direction: both }}
    connectors:
      - name: hq
        type: ami
        server: "{pbx.ami}"
        username: bridge
        password_file: hq.secret
        profile: ignore
        lamps: yes
    {ana}
"""
        stage.daemon_up(text, wait=False)
        await_that("settled and read", lambda: stage.explained(ANA)["settled"] and stage.explained(ANA)["lamp"] == "dark")
        host, _, port = pbx.sip.partition(":")
        phone = Watchers((host, int(port)), ("bridge", "bridge-secret"))
        blf = phone.subscribe(f"8001@{pbx.sip}")
        with tap.case("a Teams meeting lights the device and the phone's lamp at Asterisk, and goes out"):
            assert phone.run(lambda: blf.status == 200 and blf.notifies), blf.status
            stage.client(ANA, "meeting")
            await_that("in use", lambda: state(pbx) == "INUSE")
            assert phone.run(lambda: blf.lit), blf.notify
            stage.client(ANA, "active")
            await_that("free", lambda: state(pbx) == "NOT_INUSE")
            assert phone.run(lambda: not blf.lit), blf.notify
        with tap.case("a call of the desk phone shows in Teams and lights nothing"):
            told = blf.notifies
            pbx.call()
            await_that("in a call", lambda: stage.explained(ANA)["seen_pair"] == "Busy/InACall")
            await_that("suppressed", lambda: 'class="echo_suppressed"} 0' not in stage.metrics())
            assert state(pbx) == "NOT_INUSE"
            pbx.hang_up()
            await_that("over", lambda: stage.explained(ANA)["seen_pair"] != "Busy/InACall")
            again = phone.subscribe(f"8001@{pbx.sip}")  # what was sent before this one's report has come
            assert phone.run(lambda: again.notifies), again.status
            assert blf.notifies == told and state(pbx) == "NOT_INUSE"
        with tap.case("a hint that names the lamp beside the phone makes no loop"):
            subprocess.run([SHARED / "asterisk" / "cli.sh",
                            "dialplan add extension 1001,hint,PJSIP/1001&Custom:teams-1001 into hints replace"],
                           env=pbx.env, check=True, capture_output=True, timeout=60)
            stage.client(ANA, "meeting")
            await_that("in use", lambda: state(pbx) == "INUSE")
            reads = sent(stage)
            await_that("three more reads", lambda: sent(stage) >= reads + 3)
            assert stage.explained(ANA)["session"] == "none", stage.explained(ANA)
            stage.client(ANA, "active")
            await_that("free", lambda: state(pbx) == "NOT_INUSE")
        for why, change in (("lamps are switched off", lambda: stage.daemon_yaml(text.replace("lamps: yes", "lamps: no"))),
                            ("the person is removed", lambda: stage.daemon_yaml(text.replace(ana, ben)))):
            for how in ("at a reload", "while the daemon is down"):
                with tap.case(f"{why} {how}: the lamp goes out"):
                    stage.daemon_yaml(text)
                    stage.offhook("reload")
                    stage.client(ANA, "meeting")
                    await_that("in use", lambda: state(pbx) == "INUSE")
                    if how == "at a reload":
                        change()
                        stage.offhook("reload")
                    else:
                        stage.kill("offhookd", signal.SIGTERM)
                        change()
                        stage.daemon_start("offhookd", False)
                    await_that("free", lambda: state(pbx) == "NOT_INUSE")
        phone.close()
    tap.done()


def sent(stage):
    return next(int(l.split()[-1]) for l in stage.metrics().splitlines() if l.startswith("offhook_graph_sent_total{"))


if __name__ == "__main__":
    main()
