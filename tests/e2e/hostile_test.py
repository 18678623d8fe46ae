#!/usr/bin/env python3
"""Bad input over real sockets: forged, malformed, oversized and hostile messages get the protocol's answer and
a counter, and nothing is lost: the person is right afterwards.

The peer is a PBX of a few lines of Python, so that every byte it sends is this test's own."""
import re
import socket
import urllib.parse

from stage import LIMIT_S, Stage, Tap, await_that, direct, http

ANA = "ana@acme.example"
IDLE = '<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="{v}" state="full" entity="sip:201@x"/>'
TALKING = ('<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="{v}" state="full" '
           'entity="sip:201@x"><dialog id="d1" direction="initiator"><state>confirmed</state></dialog></dialog-info>')
BOMB = ('<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">' +
        "".join(f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">' for i in range(8)) +
        ']><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="9" state="full" entity="x">&i;</dialog-info>')
DEEP = '<?xml version="1.0"?>' + "<a>" * 5000 + "</a>" * 5000


class Pbx:
    """Takes the SUBSCRIBE of one line over UDP and sends whatever it is told."""

    def __init__(self):
        self.s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.s.bind(("127.0.0.1", 0))
        self.s.settimeout(LIMIT_S)
        self.port = self.s.getsockname()[1]
        self.cseq, self.version, self.branch = 10, 0, 0

    def take_subscribe(self):
        while True:
            data, self.daemon = self.s.recvfrom(65536)
            text = data.decode(errors="replace")
            if text.startswith("SUBSCRIBE"):
                break
            self.answer(text, "200 OK")
        self.dialog = {k: re.search(rf"^{k}: *(.*?)\r$", text, re.M | re.I).group(1)
                       for k in ("Call-ID", "From", "To", "Via", "CSeq", "Contact")}
        self.answer(text, "200 OK", to_tag="pbx", extra=f"Expires: 3600\r\nContact: <sip:127.0.0.1:{self.port}>\r\n")

    def answer(self, request, status, to_tag="", extra=""):
        head = {k: re.search(rf"^{k}: *(.*?)\r$", request, re.M | re.I).group(1) for k in ("Via", "From", "To", "Call-ID", "CSeq")}
        to = head["To"] + (f";tag={to_tag}" if to_tag and "tag=" not in head["To"] else "")
        self.s.sendto((f"SIP/2.0 {status}\r\nVia: {head['Via']}\r\nFrom: {head['From']}\r\nTo: {to}\r\nCall-ID: {head['Call-ID']}\r\n"
                       f"CSeq: {head['CSeq']}\r\n{extra}Content-Length: 0\r\n\r\n").encode(), self.daemon)

    def notify_text(self, body, call_id=None, to=None, extra="", event="dialog", content_type="application/dialog-info+xml"):
        self.cseq += 1
        self.branch += 1
        return (f"NOTIFY {self.dialog['Contact'].strip('<>')} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bKh{self.branch}\r\n"
                f"From: {self.dialog['To']};tag=pbx\r\nTo: {to or self.dialog['From']}\r\nCall-ID: {call_id or self.dialog['Call-ID']}\r\n"
                f"CSeq: {self.cseq} NOTIFY\r\nContact: <sip:127.0.0.1:{self.port}>\r\nEvent: {event}\r\n{extra}"
                f"Subscription-State: active;expires=3600\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n{body}")

    def notify(self, body, **settings):
        return self.ask(self.notify_text(body, **settings))

    def ask(self, text, sender=None):
        """The status of the answer; retransmitted, since datagrams may be lost, with the same branch."""
        s = sender or self.s
        data = text if isinstance(text, bytes) else text.encode()
        cseq = re.search(rb"^CSeq: *(\d+ \w+)", data, re.M | re.I)
        s.settimeout(1)
        for _ in range(120):
            s.sendto(data, self.daemon)
            try:
                while True:
                    answer, _ = s.recvfrom(65536)
                    if answer.startswith(b"SIP/2.0") and (not cseq or cseq.group(1) in answer):
                        return int(answer.split()[1])
                    if not answer.startswith(b"SIP/2.0"):
                        self.answer(answer.decode(errors="replace"), "200 OK")
            except TimeoutError:
                continue
        return None

    def state(self, body):
        self.version += 1
        return self.notify(body.format(v=self.version))


def counter(stage, name):
    with direct.open(f"http://127.0.0.1:{stage.port}/metrics") as answer:
        text = answer.read().decode()
    return sum(float(m) for m in re.findall(rf'^offhook_\S*{{[^}}]*"{name}"[^}}]*}} (\S+)$', text, re.M))


def main():
    tap = Tap()
    with Stage("hostile") as stage:
        pbx = Pbx()
        stage.teams_up({ANA: "Ana Alder"})
        seen = lambda: stage.teams_user(ANA)["availability"]
        stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml()}\
    connectors:
      - {{ name: hq, type: sip, server: "sip:127.0.0.1:{pbx.port};transport=udp" }}
    users:
      - {{ email: {ANA}, lines: [hq/201] }}
""", wait=False)
        pbx.take_subscribe()
        await_that("offhookd is ready", lambda: http("GET", f"http://127.0.0.1:{stage.port}/readyz")[0] == 200)

        def still_right(what):
            """Every insult is followed by a change that must arrive."""
            with tap.case(f"{what}: nothing lost"):
                assert pbx.state(TALKING) == 200
                await_that("busy", lambda: seen() == "Busy")
                assert pbx.state(IDLE) == 200
                await_that("cleared", lambda: seen() == "Offline")

        still_right("an honest call")
        with tap.case("a NOTIFY without a subscription is answered 481 and counted"):
            before = counter(stage, "forged")
            assert pbx.notify(TALKING.format(v=99), call_id="nobody@knows") == 481
            await_that("counted", lambda: counter(stage, "forged") > before)
        with tap.case("a NOTIFY with the right Call-ID and a wrong tag is answered 481"):
            assert pbx.notify(TALKING.format(v=99), to="<sip:x@y>;tag=forged") == 481
        with tap.case("a NOTIFY from another address changes nothing"):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                stranger.bind(("127.0.0.2", 0))
                stranger.settimeout(2)
                status = pbx.ask(pbx.notify_text(TALKING.format(v=99)), stranger)
            assert status in (None, 403, 481), status
            assert seen() == "Offline", seen()
        still_right("forged NOTIFYs")
        with tap.case("an entity bomb and deep nesting are refused and counted"):
            before = counter(stage, "bad_body")
            for body in (BOMB, DEEP):
                assert pbx.notify(body) in (200, 400, 415), "an answer is due"
            await_that("counted", lambda: counter(stage, "bad_body") >= before + 2)
        with tap.case("a body of another type and another event are refused in the protocol's words"):
            assert pbx.notify("hello", content_type="text/plain") in (200, 415)
            assert pbx.notify(IDLE.format(v=98), event="conference") in (481, 489)
        still_right("hostile bodies")
        with tap.case("headers of 60 kB, garbage, cut messages and wrong lengths are dropped and counted"):
            before = counter(stage, "malformed") + counter(stage, "too_large")
            whole = pbx.notify_text(IDLE.format(v=97))
            insults = [b"\x00" * 100, b"\xff\xfe" * 2000, b"NOTIFY", b"NOTIFY sip:x SIP/2.0\r\n\r\n",
                       whole.encode()[:200], whole.replace("Content-Length: ", "Content-Length: 9").encode(),
                       whole.replace("CSeq: ", "CSeq: 99999999999999999999").encode(),
                       (whole[:whole.index("Contact:")] + "X-Fill: " + "a" * 60000 + "\r\n" + whole[whole.index("Contact:"):]).encode(),
                       (whole[:whole.index("Contact:")] + "X: y\r\n" * 8000 + whole[whole.index("Contact:"):]).encode()]
            for insult in insults:
                pbx.s.sendto(insult, pbx.daemon)
            await_that("counted", lambda: counter(stage, "malformed") + counter(stage, "too_large") >= before + len(insults) - 2)
            assert seen() == "Offline", seen()
        still_right("malformed datagrams")
        with tap.case("requests of other kinds get their answers"):
            head = (f"Via: SIP/2.0/UDP 127.0.0.1:{pbx.port};branch=z9hG4bKo1\r\nFrom: <sip:p@x>;tag=1\r\nTo: <sip:d@x>\r\n"
                    "Call-ID: other@x\r\nCSeq: {} {}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n")
            assert pbx.ask("OPTIONS sip:d@x SIP/2.0\r\n" + head.format(1, "OPTIONS")) == 200
            assert pbx.ask("INVITE sip:d@x SIP/2.0\r\n" + head.format(2, "INVITE").replace("o1", "o2")) in (405, 488, 501)
            assert pbx.ask("BREW sip:d@x SIP/2.0\r\n" + head.format(3, "BREW").replace("o1", "o3")) in (405, 501)
        still_right("other requests")
        with tap.case("the API refuses writes, foreign hosts, long and broken requests on TCP"):
            base = f"http://127.0.0.1:{stage.port}/api/v1/accounts/acme/users/{urllib.parse.quote(ANA)}"
            assert http("PUT", base + "/profile", {"state": "away"})[0] in (401, 403, 405)
            for raw, wanted in ((b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", (400, 403, 421)),
                                (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", (400, None)),
                                (b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", (400, 414, 431, 413, None)),
                                (b"\x16\x03\x01\x00\x00garbage\r\n\r\n", (400, None))):
                with socket.create_connection(("127.0.0.1", stage.port), timeout=120) as s:
                    try:
                        s.sendall(raw)
                        first = s.recv(4096).split()
                    except ConnectionError:
                        first = []
                status = int(first[1]) if len(first) > 1 else None
                assert status in wanted, (raw[:60], status)
            assert stage.explained(ANA)["profile"] == "available"
        still_right("hostile HTTP")
    tap.done()


if __name__ == "__main__":
    main()
