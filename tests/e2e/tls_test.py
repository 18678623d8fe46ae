#!/usr/bin/env python3
"""SIP's ways in: TLS with the right and wrong CA and name, UDP, SHA-256 digest, and a PBX that connects back to us."""
import contextlib
import json
import re
import socket
import ssl
import subprocess
import threading

from hostile_test import IDLE, TALKING
from kamailio import Kamailio
from phones import Phones
from stage import LIMIT_S, Stage, Tap, await_that, free_ports

ANA, BEN, CYD = "ana@acme.example", "ben@acme.example", "cyd@acme.example"


def certificate(stage, name, *more):
    """A key and a certificate for 127.0.0.1, signed by itself."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", stage.folder / f"{name}.key",
                    "-out", stage.folder / f"{name}.crt", *more], check=True, capture_output=True)
    return stage.folder / f"{name}.crt"


class BackPbx:
    """Takes SUBSCRIBEs over UDP and delivers NOTIFYs over TLS to the Contact that they name."""

    def __init__(self, ca):
        self.s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.s.bind(("127.0.0.1", 0))
        self.port = self.s.getsockname()[1]
        self.ca, self.cseq, self.contact = ca, 0, None
        self.taken = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                data, sender = self.s.recvfrom(65536)
                text = data.decode(errors="replace")
                head = {k: re.search(rf"^{k}: *(.*?)\r$", text, re.M | re.I) for k in
                        ("Via", "From", "To", "Call-ID", "CSeq", "Contact")}
                if text.startswith("SIP/2.0"):
                    continue
                head = {k: m.group(1) for k, m in head.items() if m}
                to = head["To"] if "tag=" in head["To"] else head["To"] + ";tag=pbx"
                self.s.sendto((f"SIP/2.0 200 OK\r\nVia: {head['Via']}\r\nFrom: {head['From']}\r\nTo: {to}\r\n"
                               f"Call-ID: {head['Call-ID']}\r\nCSeq: {head['CSeq']}\r\nExpires: 600\r\n"
                               f"Contact: <sip:127.0.0.1:{self.port}>\r\nContent-Length: 0\r\n\r\n").encode(), sender)
                if text.startswith("SUBSCRIBE"):
                    self.head = head
                    self.contact = self.head["Contact"].split(">")[0].lstrip("<")
                    self.taken.set()

    def connect(self, ca=None):
        context = ssl.create_default_context(cafile=ca or self.ca)
        port = int(re.search(r":(\d+)", self.contact.split("@")[-1]).group(1))
        raw = socket.create_connection(("127.0.0.1", port), timeout=120)
        return context.wrap_socket(raw, server_hostname="127.0.0.1")

    def notify(self, tls, body):
        self.cseq += 1
        body = body.format(v=self.cseq)
        tls.sendall((f"NOTIFY {self.contact} SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:9;branch=z9hG4bKb{self.cseq}\r\n"
                     f"Max-Forwards: 70\r\nFrom: {self.head['To'].split(';tag')[0]};tag=pbx\r\nTo: {self.head['From']}\r\n"
                     f"Call-ID: {self.head['Call-ID']}\r\nCSeq: {self.cseq} NOTIFY\r\nContact: <sip:127.0.0.1:{self.port}>\r\n"
                     f"Event: dialog\r\nSubscription-State: active;expires=500\r\nContent-Type: application/dialog-info+xml\r\n"
                     f"Content-Length: {len(body)}\r\n\r\n{body}").encode())
        return int(tls.recv(65536).split()[1])


class Lines:
    """One person a connector, so that each way in is seen on its own."""

    def __init__(self, stage, tap, phones):
        self.stage, self.tap, self.phones = stage, tap, phones

    def connector(self, name):
        shown = json.loads(self.stage.offhook("connectors", "--json").stdout)["connectors"]
        return next(c for c in shown if c["name"] == name)

    def a_call(self, what, connector, email, caller, callee):
        with self.tap.case(f"{what}: a call turns the person busy, its end frees"):
            await_that("the line reports", lambda: self.connector(connector)["live"] == 1)
            self.phones.call(caller, callee)
            await_that("busy", lambda: self.stage.teams_user(email)["availability"] == "Busy")
            # dialing is busy already; sipp takes the word to hang up only once it talks
            await_that("they talk", lambda: self.stage.explained(email)["lines"][0]["call"] == "talking")
            self.phones.hang_up(caller)
            await_that("free", lambda: self.stage.teams_user(email)["availability"] == "Offline")

    def refused(self, what, connector, words):
        """The words stand in the log and in what the CLI shows, and the link is down."""
        with self.tap.case(f"{what} is refused, in words"):
            log = self.stage.folder / "offhookd.log"
            await_that("the log tells", lambda: re.search(rf"{connector}.*{words}", log.read_text()))
            def told():  # while it is tried anew, there are no words for a moment
                now = self.connector(connector)
                return re.search(words, now["state"]) and not now["up"] and now["live"] == 0

            def shown():
                row = next(l for l in self.stage.offhook("connectors").stdout.splitlines() if f" {connector} " in l)
                return re.search(words, row) and "down" in row
            await_that("the API tells", told)
            await_that("the CLI tells", shown)


def yaml(stage, pbx, back_port):
    login = "username: watch, password_file: hq.secret"
    port = pbx.sips.split(":")[1]
    return f"""\
  - name: acme
{stage.teams_yaml()}\
    policy: {{ grace: 3s }}  # Ana's lines on the refused links hold her clear back that long, and no longer
    connectors:
      - {{ name: right, type: sip, server: "sip:{pbx.sips};transport=tls", ca_file: {pbx.ca}, {login} }}
      - {{ name: wrongca, type: sip, server: "sip:{pbx.sips};transport=tls", ca_file: other.crt, {login} }}
      - {{ name: wrongname, type: sip, server: "sip:127.0.0.2:{port};transport=tls", ca_file: {pbx.ca}, {login} }}
      - {{ name: datagram, type: sip, server: "sip:{pbx.sip};transport=udp", {login} }}
      - name: back
        type: sip
        server: "sip:127.0.0.1:{back_port};transport=udp"
        listen: "sip:127.0.0.1:{free_ports(1)[0]};transport=tls"
        tls: {{ certificate_file: own.crt, key_file: own.key }}
    users:
      - {{ email: {ANA}, lines: [right/1001, wrongca/1001, wrongname/1001] }}
      - {{ email: {BEN}, lines: [datagram/1003] }}
      - {{ email: {CYD}, lines: [back/201] }}
"""


def connects_back(stage, tap, pbx, other):
    with tap.case("a PBX that connects back to our Contact over TLS delivers there"):
        assert pbx.taken.wait(LIMIT_S), "no SUBSCRIBE"
        with pbx.connect() as tls:
            assert pbx.notify(tls, IDLE) == 200
            assert pbx.notify(tls, TALKING) == 200
            await_that("busy", lambda: stage.teams_user(CYD)["availability"] == "Busy")
        with pbx.connect() as again:
            assert pbx.notify(again, IDLE) == 200
            await_that("cleared", lambda: stage.teams_user(CYD)["availability"] == "Offline")
    with tap.case("and it sees our own certificate there, no other"):
        try:
            pbx.connect(ca=other)
        except ssl.SSLCertVerificationError:
            pass
        else:
            raise AssertionError("another CA's trust was enough")


def ways_in(tap):
    with Stage("sip") as stage:
        pbx = Kamailio(stage)
        phones = Phones(stage, pbx.sip, Kamailio.password)
        stage.undo.append(phones.down)
        stage.teams_up({e: e for e in (ANA, BEN, CYD)})
        stage.write("hq.secret", "phone-watch\n")
        own, other = certificate(stage, "own"), certificate(stage, "other")
        relay = Relay(int(pbx.sips.split(":")[1]))
        back = BackPbx(own)
        stage.undo.append(relay.close)
        stage.undo.append(back.s.close)
        stage.daemon_up(yaml(stage, pbx, back.port), wait=False)
        await_that("the API answers", lambda: stage.explained(ANA))
        lines = Lines(stage, tap, phones)
        lines.a_call("TLS with the right CA", "right", ANA, "1001", "1002")
        lines.a_call("UDP", "datagram", BEN, "1003", "1004")
        lines.refused("a certificate of an unknown CA", "wrongca", "not signed by|not in the ca_file")
        lines.refused("a certificate for another name", "wrongname", "certificate is for .*")
        connects_back(stage, tap, back, other)


def sha256(tap):
    with Stage("sha256") as stage:
        pbx = Kamailio(stage, PEER_KAMAILIO_ALGORITHM="SHA-256")
        stage.teams_up({ANA: ANA})
        stage.write("hq.secret", "phone-watch\n")
        stage.write("bad.secret", "not-the-password\n")
        stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml()}\
    connectors:
      - {{ name: hq, type: sip, server: "sip:{pbx.sip};transport=tcp", username: watch, password_file: hq.secret }}
      - {{ name: bad, type: sip, server: "sip:{pbx.sip};transport=udp", username: watch, password_file: bad.secret }}
    users:
      - {{ email: {ANA}, lines: [hq/1001, bad/1001] }}
""", wait=False)
        await_that("the API answers", lambda: stage.explained(ANA))
        lines = Lines(stage, tap, None)
        with tap.case("digest SHA-256: the right password is taken"):
            await_that("the line reports", lambda: lines.connector("hq")["live"] == 1)
        with tap.case("digest SHA-256: the wrong one is refused, in words, and is not printed"):
            log = stage.folder / "offhookd.log"
            await_that("the log tells", lambda: re.search("bad.*log-in refused: check username and password_file", log.read_text()))
            assert "not-the-password" not in log.read_text() + stage.offhook("connectors", "--json").stdout


class Relay:
    """127.0.0.2:port passes everything on to 127.0.0.1:port: the same certificate under a name it is not for."""

    def __init__(self, port):
        self.port = port
        self.s = socket.create_server(("127.0.0.2", port))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.s.accept()
                far = socket.create_connection(("127.0.0.1", self.port))
                for a, b in ((near, far), (far, near)):
                    threading.Thread(target=self.pump, args=(a, b), daemon=True).start()

    @staticmethod
    def pump(a, b):
        with contextlib.suppress(OSError):
            while data := a.recv(65536):
                b.sendall(data)
        for s in (a, b):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.s.close()


def main():
    tap = Tap()
    ways_in(tap)
    sha256(tap)
    tap.done()


if __name__ == "__main__":
    main()
