#!/usr/bin/env python3
"""`offhook capture` with the running daemon: what passes between it and four kinds of PBX is readable, and names nobody.
CSTA by mivo400sim, SIP by pbxsim, FreeSWITCH by tests/peers, webhooks by hand; AMI by a real Asterisk 22, skipped in one
plain line where ../shared/peers is absent."""
import json
import os
import re
import signal
import socket
import subprocess
import sys

from cases import ANA, BEN
from cases_asterisk_test import Asterisk
from mivo import Mivo
from stage import LIMIT_S, PEERS, SHARED, Stage, Tap, await_that, free_ports, http

sys.path.insert(0, str(PEERS))
from freeswitch import FreeSwitch  # noqa: E402

SECRETS = ["mivo-secret", "bridge-secret", "secret-of-fs", "crm-token-41"]
NUMBERS = ["201", "202", "203", "204", "1001", "0791234567"]


def yaml(stage, mivo, sip, fs):
    return f"""\
  - name: acme
{stage.teams_yaml()}\
    connectors:
      - {{ name: mivo, type: csta, server: "{mivo.address}", username: offhook, password_file: mivo.secret, profile: both }}
      - {{ name: hq, type: sip, server: "sip:{sip};transport=tcp", username: bridge, password_file: hq.secret }}
      - {{ name: udp, type: sip, server: "sip:{sip};transport=udp", username: bridge, password_file: hq.secret }}
      - {{ name: fs, type: freeswitch, server: "127.0.0.1:{fs.port}", password_file: fs.secret }}
      - {{ name: crm, type: webhook, token_file: crm.token }}
    users:
      - {{ email: {ANA}, lines: [mivo/201, hq/201, udp/203, fs/1001@pbx.example, crm/201] }}
      - {{ email: {BEN}, lines: [mivo/202, mivo/204] }}
"""


class Capture:
    """One `offhook capture` under way, into a file."""

    def __init__(self, stage, connector, *args):
        self.stage, self.file = stage, stage.folder / f"{connector}-{len(os.listdir(stage.folder))}.txt"
        self.process = subprocess.Popen(
            [str(stage.binary("offhook")), "--socket", str(stage.folder / "api.sock"), "capture", connector, "--out",
             str(self.file), *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        await_that("the capture runs", lambda: self.process.poll() is not None or self.text().startswith("# offhook"))

    def text(self):
        return self.file.read_text() if self.file.exists() else ""

    def shows(self, *patterns):
        for pattern in patterns:
            await_that(f"the capture shows {pattern}", lambda: re.search(pattern, self.text(), re.S))

    def end(self):
        """Ends it as ctrl-c does; what it recorded."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=LIMIT_S)
        assert self.process.returncode == 0 and "it was told to" in err, (self.process.returncode, out, err)
        assert self.file.stat().st_mode & 0o777 == 0o600
        return self.text()


def nobody_is_named(text, numbers=NUMBERS, names=("Alder", "acme", "127.0.0.1")):
    for secret in SECRETS:
        assert secret not in text, secret
    for number in numbers:
        assert not re.search(rf"(?<!\d){number}(?!\d)", re.sub(r"(?m)^# .*$|^\[.*\]$", "", text)), (number, text)
    for name in names:
        assert name not in text, (name, text)


def csta(stage, tap, mivo):
    with tap.case("CSTA: a call, all profiles, a log-in: readable, and names nobody"):
        capture = Capture(stage, "mivo")
        mivo.post("/call", **{"from": 201, "to": 202, "dial_ms": 0, "ring_ms": 0})
        await_that("a call", lambda: stage.explained(ANA)["combined"] == "busy")
        mivo.post("/hangup", phone=201)
        for state in ("away", "meeting", "not-available"):
            mivo.post("/profile", phone=201, profile=state)
            await_that(state, lambda: stage.explained(ANA)["profile"] == state)
        stage.offhook("set", ANA, "busy")
        await_that("written", lambda: mivo.phone(201)["profile"] == "busy")
        mivo.fault("drop-links")
        capture.shows(r"closed.*opened", r"StartApplicationSession.*<\w*:?password>\[hidden\]</", r"MonitorStart>", "SnapshotDevice")
        text = capture.end()
        for word in ("EstablishedEvent", "<localConnectionInfo>connected</localConnectionInfo>", "<cause>", "PresenceState",
                     "http://www.ecma-international.org/standards/ecma-323/csta/ed5", ": sent ", ": received "):
            assert word in text, (word, text)
        for word in ("away", "meeting", "busy"):
            assert re.search(rf">{word}<", text, re.I), (word, text)
        assert re.search(r"<deviceObject>N?(&lt;)?70\d", text), text
        nobody_is_named(text)
    with tap.case("CSTA: what is no CSTA is shown by its shape"):
        capture = Capture(stage, "mivo")
        mivo.fault("garbage")
        capture.shows("in no form that is known; their shape|that did not end; their shape", "closed.*opened.*MonitorStart>")
        nobody_is_named(capture.end())
        await_that("all again", lambda: all(l["sync"] == "synced" for l in stage.explained(ANA)["lines"]
                                            if l["connector"] == "mivo"))
    with tap.case("CSTA: --keep-lines keeps the connector's own numbers, no other"):
        capture = Capture(stage, "mivo", "--keep-lines")
        mivo.post("/call", **{"from": 201, "to": 203, "dial_ms": 0, "ring_ms": 0})
        capture.shows("EstablishedEvent")
        mivo.post("/hangup", phone=201)
        capture.shows("ConnectionClearedEvent")
        text = capture.end()
        assert re.search(r"(?<!\d)201(?!\d)", text), text
        nobody_is_named(text, ["203"])


def pbxsim_up(stage, listen):
    stage.start("pbxsim", "--listen", listen, "--control", "127.0.0.1:0", "--phones", 6, "--username", "bridge",
                "--password-file", stage.folder / "hq.secret")
    facts = stage.facts("pbxsim", "SIP", "CONTROL")
    return facts["SIP"], facts["CONTROL"]


def sip(stage, tap, address, control):
    def call(capture, phone):
        http("POST", f"http://{control}/call", {"from": phone, "to": 204, "dial_ms": 10, "ring_ms": 10})
        capture.shows("<state>confirmed</state>")
        http("POST", f"http://{control}/hangup", {"phone": phone})
        capture.shows("<state>terminated</state>")
        text = capture.end()
        for word in ("application/dialog-info+xml", "urn:ietf:params:xml:ns:dialog-info", "Subscription-State: active",
                     "Event: dialog", "SIP/2.0 200 OK"):
            assert word in text, (word, text)
        nobody_is_named(text)
    with tap.case("SIP over UDP: a call: readable, and names nobody"):
        call(Capture(stage, "udp"), 203)
    with tap.case("SIP over TCP: the PBX starts anew, digests, a call: readable, and names nobody"):
        capture = Capture(stage, "hq")
        stage.kill("pbxsim", signal.SIGTERM)
        _, control = pbxsim_up(stage, address)
        capture.shows("closed.*opened", r"SUBSCRIBE sip:70\d", r"WWW-Authenticate: Digest \[hidden\], algorithm=",
                      r"Authorization: Digest \[hidden\], algorithm=", "NOTIFY ")
        call(capture, 201)


def freeswitch(stage, tap, fs):
    with tap.case("FreeSWITCH: a log-in and a call: readable, and names nobody"):
        capture = Capture(stage, "fs")
        fs.down()
        fs.up(fs.port)
        capture.shows("Content-Type: auth/request", r"auth \[hidden\]", r"\+OK accepted")
        await_that("up again", lambda: next(l for l in stage.explained(ANA)["lines"] if l["connector"] == "fs")["sync"]
                   == "synced")
        fs.channel("c1", "1001@pbx.example", "outbound", "ACTIVE")
        capture.shows("CHANNEL_CALLSTATE", "ACTIVE")
        fs.channel("c1", "1001@pbx.example", "outbound", "HANGUP")
        capture.shows("HANGUP")
        nobody_is_named(capture.end())


def webhook(stage, tap):
    with tap.case("webhooks: bodies, redacted"):
        capture = Capture(stage, "crm")
        body = json.dumps({"state": "talking", "caller": "0791234567", "who": "Ana Alder", "token": "crm-token-41"})
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(stage.folder / "api.sock"))
            s.sendall(f"POST /api/v1/accounts/acme/connectors/crm/lines/201/state HTTP/1.1\r\nHost: x\r\nContent-Type: "
                      f"application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
            assert s.recv(1000).startswith(b"HTTP/1.1")
        capture.shows('"caller"')
        text = capture.end()
        assert '"state": "talking"' in text and '"token": "[hidden]"' in text, text
        nobody_is_named(text)


def manners(stage, tap):
    log = lambda: (stage.folder / "offhookd.log").read_text()
    with tap.case("a capture ends when its time is over, and prints where no file is named"):
        done = stage.offhook("capture", "mivo", "--for", "1s")
        assert done.stdout.startswith("# offhook") and "its time is over" in done.stderr, done
    with tap.case("one capture at a time of a connector; it ends when who asked is gone; the log tells of both"):
        capture = Capture(stage, "mivo", "--for", "10m")
        other = stage.offhook("capture", "mivo", check=False)
        assert other.returncode == 1 and "runs already" in other.stderr, other
        second = Capture(stage, "fs")
        second.end()
        capture.process.kill()
        capture.process.communicate()
        await_that("ended", lambda: "nobody asks for it any more" in log())
        assert "acme/mivo: capture began, for 600 s" in log()
        Capture(stage, "mivo").end()
    with tap.case("an unknown connector, a bad time, a file that is there: refused in words; the page's listener takes none"):
        assert "no such connector" in stage.offhook("capture", "nowhere", check=False).stderr
        for bad in ("soon", "0s", "11m"):
            assert stage.offhook("capture", "mivo", "--for", bad, check=False).returncode == 2
        there = stage.write("there.txt", "mine")
        done = stage.offhook("capture", "mivo", "--out", there, check=False)
        assert done.returncode == 2 and "exists already" in done.stderr and there.read_text() == "mine"
        path = "/api/v1/accounts/acme/connectors/mivo/capture"
        assert http("POST", f"http://127.0.0.1:{stage.port}{path}", {"seconds": 5})[0] == 401
        assert http("POST", f"http://127.0.0.1:{stage.port}{path}/next", {"capture": 1})[0] == 401


def reloads(stage, tap):
    """Last of all: afterwards FreeSWITCH takes us no more."""
    with tap.case("a password changed meanwhile is not shown either; a connector that is removed ends its capture"):
        fs, crm = Capture(stage, "fs"), Capture(stage, "crm")
        stage.write("fs.secret", "busy-meeting-idle\n")
        path = stage.folder / "offhook.yaml"
        stage.write("offhook.yaml", re.sub(r".*name: crm.*\n", "", path.read_text()).replace(", crm/201", ""))
        stage.offhook("reload")
        _, err = crm.process.communicate(timeout=LIMIT_S)
        assert crm.process.returncode == 0 and "the connector was removed" in err, err
        fs.shows("opened", r"auth \[hidden\]", "-ERR")
        assert "busy-meeting-idle" not in fs.end()


def asterisk(tap):
    with Stage("capture-ami") as stage, tap.case("AMI: a call, a profile and a log-in: readable, and names nobody"):
        pbx = Asterisk(stage)
        stage.teams_up({ANA: "Ana Alder"})
        stage.write("hq.secret", "bridge-secret\n")
        stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml()}\
    connectors:
      - {{ name: hq, type: ami, server: "{pbx.ami}", username: bridge, password_file: hq.secret }}
    users:
      - {{ email: {ANA}, lines: [hq/1001] }}
""", wait=False)
        await_that("the line", lambda: stage.explained(ANA)["lines"][0]["sync"] == "synced")
        capture = Capture(stage, "hq")
        pbx.call()
        await_that("busy", lambda: stage.explained(ANA)["combined"] == "busy")
        pbx.hang_up()
        pbx.hand_status()
        await_that("away", lambda: stage.explained(ANA)["profile"] == "away")
        pbx.manager.action(Action="Command", Command="manager reload")
        capture.shows("StatusText: InUse", "Status: away")
        text = capture.end()
        for word in ("Event: ExtensionStatus", "StatusText: InUse", "Event: PresenceStateChange", "Status: away"):
            assert word in text, (word, text)
        nobody_is_named(text)


def main():
    tap = Tap()
    fs_port, sip_port = free_ports(2)  # they go and come back: nobody else may take them meanwhile
    fs = FreeSwitch("secret-of-fs", port=fs_port)
    fs.registered.add("1001@pbx.example")
    with Stage("capture") as stage:
        stage.teams_up({ANA: "Ana Alder", BEN: "Ben Berg"})
        for name, secret in zip(("mivo.secret", "hq.secret", "fs.secret", "crm.token"), SECRETS):
            stage.write(name, secret + "\n")
        mivo = Mivo(stage, "--username", "offhook", "--password-file", stage.folder / "mivo.secret")
        address, control = pbxsim_up(stage, f"127.0.0.1:{sip_port}")
        stage.daemon_up(yaml(stage, mivo, address, fs), wait=False)
        await_that("all lines", lambda: all(l["sync"] == "synced" for l in stage.explained(ANA)["lines"]
                                            if l["connector"] != "crm"))
        csta(stage, tap, mivo)
        sip(stage, tap, address, control)
        freeswitch(stage, tap, fs)
        webhook(stage, tap)
        manners(stage, tap)
        reloads(stage, tap)
    if (SHARED / "asterisk" / "start.sh").exists():
        asterisk(tap)
    else:
        tap.skip("AMI", "../shared/peers is absent")
    tap.done()


if __name__ == "__main__":
    main()
