#!/usr/bin/env python3
"""FreeSWITCH's event socket, by a stand-in of a few lines (tests/peers/freeswitch.py): no real FreeSWITCH was at hand."""
import json
import re
import sys

from stage import PEERS, Stage, Tap, await_that, free_ports

sys.path.insert(0, str(PEERS))
from freeswitch import FreeSwitch  # noqa: E402

ANA, BEN, CYD = "ana@acme.example", "ben@acme.example", "cyd@acme.example"


def yaml(stage, pbx, per_user):
    return f"""\
  - name: acme
{stage.teams_yaml()}\
    policy: {{ grace: 10m }}
    connectors:
      - {{ name: fs, type: freeswitch, server: "127.0.0.1:{pbx.port}", password_file: fs.secret, profile: read }}
      - {{ name: wrong, type: freeswitch, server: "127.0.0.1:{pbx.port}", password_file: wrong.secret }}
      - {{ name: mine, type: freeswitch, server: "127.0.0.1:{per_user.port}", username: "ana@pbx.example", password_file: fs.secret }}
    users:
      - {{ email: {ANA}, lines: [fs/1001, fs/1009@other.example] }}
      - {{ email: {BEN}, lines: [wrong/1001] }}
      - {{ email: {CYD}, lines: [mine/1003] }}
"""


def connector(stage, name):
    shown = json.loads(stage.offhook("connectors", "--json").stdout)["connectors"]
    return next(c for c in shown if c["name"] == name)


def live(stage, name):
    c = connector(stage, name)
    return c["up"] and c["live"] == c["lines"]


def main():
    tap = Tap()
    ports = free_ports(2)  # they go and come back: nobody else may take them meanwhile
    pbx = FreeSwitch("secret-of-fs", port=ports[0])
    per_user = FreeSwitch("secret-of-fs", user="ana@pbx.example", port=ports[1])
    pbx.registered.add("1001@pbx.example")
    with Stage("freeswitch") as stage:
        stage.teams_up({e: e for e in (ANA, BEN, CYD)})
        stage.write("fs.secret", "secret-of-fs\n")
        stage.write("wrong.secret", "ClueCon\n")
        pbx.channel("before", "1001@pbx.example", "inbound", "ACTIVE")
        stage.daemon_up(yaml(stage, pbx, per_user), wait=False)
        seen = lambda: stage.teams_user(ANA)["availability"]
        line = lambda: next(x for x in stage.explained(ANA)["lines"] if x["number"] == "1001")
        with tap.case("a wrong password is told in words and not tried again at once; check names it"):
            def named():
                text = stage.offhook("check", check=False).stdout
                return re.search("wrong.*refused the password", text) and text
            assert "fs" in await_that("named", named)
            log = (stage.folder / "offhookd.log").read_text()
            assert len(re.findall("wrong: log-in refused", log)) == 1, log[-2000:]
            assert "secret-of-fs" not in log and "ClueCon" not in log.replace("See you at ClueCon", "")
        with tap.case("a call that went on before the start is in the first snapshot"):
            await_that("busy", lambda: seen() == "Busy")
            await_that("both lines report", lambda: live(stage, "fs"))
            pbx.channel("before", "1001@pbx.example", "inbound", "HANGUP")
            await_that("free", lambda: seen() == "Offline")
        with tap.case("ringing is not busy, answering is, held is still a call, hanging up frees"):
            pbx.channel("c1", "1001@pbx.example", "outbound", "RINGING")
            await_that("rings", lambda: line()["call"] == "ringing")
            assert seen() == "Offline"
            pbx.channel("c1", "1001@pbx.example", "outbound", "ACTIVE")
            await_that("busy", lambda: seen() == "Busy")
            pbx.channel("c1", "1001@pbx.example", "outbound", "HELD")
            await_that("held", lambda: line()["call"] == "held")
            assert seen() == "Busy"
            pbx.channel("c1", "1001@pbx.example", "outbound", "HANGUP")
            await_that("free", lambda: seen() == "Offline")
        with tap.case("a call that is placed is busy from its first ringing; a line of another domain is told apart"):
            pbx.channel("c2", "1009@wrong.example", "inbound", "ACTIVE")
            pbx.channel("c3", "1001@pbx.example", "inbound", "RINGING")
            await_that("busy", lambda: line()["call"] == "dialing" and seen() == "Busy")
            pbx.channel("c3", "1001@pbx.example", "inbound", "HANGUP")
            await_that("free", lambda: seen() == "Offline")
            pbx.channel("c4", "1009@other.example", "inbound", "ACTIVE")
            await_that("busy", lambda: seen() == "Busy")
            pbx.channel("c4", "1009@other.example", "inbound", "HANGUP")
            await_that("free", lambda: seen() == "Offline")
        with tap.case("the first presence that a phone tells counts over an earlier one of the app"):
            stage.offhook("set", ANA, "busy")
            await_that("busy", lambda: stage.explained(ANA)["combined"] == "busy")
            pbx.presence("1001@pbx.example", "away", "Away")
            await_that("away", lambda: stage.explained(ANA)["profile"] == "away")
            pbx.presence("1001@pbx.example", "unknown", "Available")
            await_that("available", lambda: stage.explained(ANA)["combined"] == "available")
        with tap.case("DND and presence by PRESENCE_IN"):
            pbx.presence("1001@pbx.example", "dnd", "Do Not Disturb")
            await_that("dnd", lambda: seen() == "DoNotDisturb")
            pbx.presence("1001@pbx.example", "away", "Away")
            await_that("away", lambda: stage.explained(ANA)["combined"] == "away")
            pbx.presence("1001@pbx.example", "unknown", "Available")
            await_that("available", lambda: stage.explained(ANA)["combined"] == "available")
        with tap.case("the phone goes and comes back"):
            pbx.registered.add("1005@pbx.example")
            pbx.register("1001@pbx.example", False)
            await_that("gone", lambda: not line()["registered"])
            pbx.register("1001@pbx.example")
            await_that("back", lambda: line()["registered"])
        with tap.case("an event that was lost is found by the device's state"):
            pbx.channel("c5", "1001@pbx.example", "inbound", "ACTIVE", tell=False)
            pbx.device("1001@pbx.example", "ACTIVE")
            await_that("busy", lambda: seen() == "Busy")
            pbx.channel("c5", "1001@pbx.example", "inbound", "HANGUP", tell=False)
            pbx.device("1001@pbx.example", "HANGUP")
            await_that("free", lambda: seen() == "Offline")
        for polite in (True, False):
            word = "in order" if polite else "without a word"
            with tap.case(f"FreeSWITCH goes {word} in a call, comes back within the grace: no flicker, then the truth"):
                pbx.channel("c6", "1001@pbx.example", "inbound", "ACTIVE")
                await_that("busy", lambda: seen() == "Busy")
                pbx.down(polite)
                await_that("down", lambda: not connector(stage, "fs")["up"])
                assert seen() == "Busy"
                pbx.channel("c6", "1001@pbx.example", "inbound", "HANGUP", tell=False)
                pbx.up()
                await_that("up", lambda: live(stage, "fs"))
                await_that("free", lambda: seen() == "Offline")
        with tap.case("garbage in the stream: a new connection, nothing lost"):
            pbx.channel("c7", "1001@pbx.example", "inbound", "ACTIVE")
            await_that("busy", lambda: seen() == "Busy")
            pbx.garbage(b"\xff\x00 this is no frame\n\n")
            await_that("counted", lambda: re.search(r'offhook_\S*\{[^}]*"malformed"[^}]*\} [1-9]', stage.metrics()))
            await_that("up again", lambda: live(stage, "fs"))
            assert seen() == "Busy"
            pbx.channel("c7", "1001@pbx.example", "inbound", "HANGUP")
            await_that("free", lambda: seen() == "Offline")
        with tap.case("userauth: a user with few rights; what is missing is named"):
            await_that("up", lambda: live(stage, "mine"))
            per_user.denied.add("show")
            per_user.down()
            per_user.up()
            await_that("named", lambda: "show channels" in stage.offhook("check", check=False).stdout)
            per_user.denied.clear()
            per_user.down()
            per_user.up()
            await_that("live", lambda: live(stage, "mine"))
        with tap.case("an access list that refuses us is told"):
            per_user.rude = True
            per_user.down()
            per_user.up()
            await_that("told", lambda: "access list" in (stage.folder / "offhookd.log").read_text())
            per_user.rude = False
    tap.done()


if __name__ == "__main__":
    main()
