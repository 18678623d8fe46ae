#!/usr/bin/env python3
"""Do Not Disturb by as-feature-event, both ways, with a PBX played by sipp: tests/peers/sipp/pbx-features.xml says what
it is written after. Its Do Not Disturb is on at first, then goes off as if at the phone, then follows Offhook."""
import socket
import subprocess

from stage import PEERS, Stage, Tap, await_that, free_ports

ANA = "ana@acme.example"


def main():
    tap = Tap()
    with Stage("features") as stage:
        port, = free_ports(1)
        pbx = subprocess.Popen(["sipp", "-sf", str(PEERS / "sipp" / "pbx-features.xml"), "-i", "127.0.0.1", "-p", str(port),
                                "-nostdin", "-default_behaviors", "all,-abortunexp"],
                               cwd=stage.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=open(stage.folder / "sipp.log", "w"))

        def off_at_the_phone():
            call = await_that("the features are told", lambda: (stage.folder / "features.call").read_text().strip())
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.sendto((f"MESSAGE sip:pbx@127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKoff\r\n"
                          f"From: <sip:test@127.0.0.1>;tag=1\r\nTo: <sip:pbx@127.0.0.1>;tag=2\r\nCall-ID: {call}\r\n"
                          "CSeq: 9 MESSAGE\r\nContent-Length: 0\r\n\r\n").encode(), ("127.0.0.1", port))
        stage.undo.append(lambda: (pbx.kill(), pbx.wait()))
        stage.teams_up({ANA: "Ana Alder"})
        stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml()}\
    policy: {{ status_text: {{ forwarded: Calls go to reception }} }}
    connectors:
      - name: hq
        type: sip
        server: "sip:127.0.0.1:{port};transport=udp"
        profile: write
        feature_events: yes
        dnd_while: [meeting]
    users:
      - {{ email: {ANA}, lines: [hq/201] }}
""")
        line = lambda: stage.explained(ANA)["lines"][0]
        seen = lambda: stage.teams_user(ANA)["availability"]
        with tap.case("on at the PBX, told with the forwarding in one multipart: Do not disturb in Teams"):
            await_that("on", lambda: line()["dnd"] and line()["sync"] == "synced")
            await_that("in Teams", lambda: seen() == "DoNotDisturb")
        with tap.case("switched off at the phone"):
            off_at_the_phone()
            await_that("off", lambda: not line()["dnd"])
            await_that("in Teams", lambda: seen() == "Offline")
        with tap.case("calls are forwarded at the phone: a status message says so, and to which number nobody keeps"):
            await_that("the text", lambda: stage.teams_user(ANA)["message"] == "Calls go to reception")
            kept = b"".join(f.read_bytes() for f in (stage.folder / "data").iterdir()) + (stage.folder / "offhookd.log").read_bytes()
            assert b"0301234567" not in kept and "0301234567" not in stage.metrics()
        with tap.case("dnd_while: the profile meeting switches it on"):
            stage.offhook("set", ANA, "meeting")
            await_that("on", lambda: line()["dnd"])
            await_that("in Teams", lambda: seen() == "DoNotDisturb")
            await_that("taken", lambda: line()["profile"]["held"] == "meeting")
        with tap.case("and the next profile switches it off"):
            stage.offhook("set", ANA, "available")
            await_that("off", lambda: not line()["dnd"])
            await_that("in Teams", lambda: seen() == "Offline")
        with tap.case("nothing is missing, and the line's calls were told all the while"):
            assert line()["link"] == "live" and line()["call"] == "none", line()
            assert pbx.poll() is None, pbx.returncode
    tap.done()


if __name__ == "__main__":
    main()
