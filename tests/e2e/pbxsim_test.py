#!/usr/bin/env python3
"""pbxsim as a program: SUBSCRIBE with digest, NOTIFYs of a real call, lists, TCP, faults and a clean end. TAP."""
import hashlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

PBXSIM = sys.argv[1]
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
serial = 0


class Sim:
    def __init__(self, *args):
        self.folder = tempfile.TemporaryDirectory()
        secret = pathlib.Path(self.folder.name, "secret")
        secret.write_text("bridge-secret\n")
        self.process = subprocess.Popen(
            [PBXSIM, "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--username", "bridge",
             "--password-file", str(secret), *args], stdout=subprocess.PIPE, text=True)
        self.facts = {}
        for line in self.process.stdout:
            key, _, value = line.strip().partition("=")
            self.facts[key] = value
            if key == "READY":
                break
        host, port = self.facts["SIP"].rsplit(":", 1)
        self.address = (host, int(port))

    def control(self, path, **body):
        url = f"http://{self.facts['CONTROL']}{path}"
        data = json.dumps(body).encode() if body else None
        with direct.open(urllib.request.Request(url, data), timeout=180) as answer:
            return json.load(answer)

    def phone(self, number):
        return next(p for p in self.control("/phones") if p["number"] == number)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(180)
        self.folder.cleanup()
        return status


class Watcher:
    """The smallest subscriber that can tell whether the PBX does its part."""

    def __init__(self, sim, transport="udp"):
        self.sim, self.transport, self.rest = sim, transport, b""
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM)
        if transport == "udp":
            self.socket.bind(("127.0.0.1", 0))
        self.socket.connect(sim.address)
        self.socket.settimeout(180)
        self.own = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.notifies, self.heard = [], set()

    def receive(self):
        if self.transport == "udp":
            raw = self.socket.recv(65536)
        else:
            while True:
                head, found, body = self.rest.partition(b"\r\n\r\n")
                length = int(re.search(rb"(?i)content-length:\s*(\d+)", head).group(1)) if found else 0
                if found and len(body) >= length:
                    raw, self.rest = head + b"\r\n\r\n" + body[:length], body[length:]
                    break
                more = self.socket.recv(65536)
                if not more:
                    raise EOFError
                self.rest += more
        head, _, body = raw.decode().partition("\r\n\r\n")
        lines = head.split("\r\n")
        return lines[0], {k.strip().lower(): v.strip() for k, _, v in (x.partition(":") for x in lines[1:])}, body

    def answer(self, headers, status="200 OK"):
        keep = "".join(f"{h}: {headers[h.lower()]}\r\n" for h in ("Via", "From", "To", "Call-ID", "CSeq"))
        self.socket.send(f"SIP/2.0 {status}\r\n{keep}Content-Length: 0\r\n\r\n".encode())

    def fresh(self, headers):
        """Answers a NOTIFY. False: it was heard before, and has come again because the answer was late."""
        self.answer(headers)
        key = headers["call-id"], headers["cseq"]
        again = key in self.heard
        self.heard.add(key)
        return not again

    def next_notify(self):
        if self.notifies:
            return self.notifies.pop(0)
        while True:
            first, headers, body = self.receive()
            if first.startswith("NOTIFY") and self.fresh(headers):
                return headers, body

    def state(self):
        return re.search(r"<state>(\w+)</state>", self.next_notify()[1]).group(1)

    def request(self, user, extra, call, cseq, to_tag=""):
        global serial
        serial += 1
        uri = f"sip:{user}@{self.own.split(':')[0]}:{self.sim.address[1]}"
        self.socket.send((
            f"SUBSCRIBE {uri} SIP/2.0\r\nVia: SIP/2.0/{self.transport.upper()} {self.own};rport;branch=z9hG4bKt{serial}\r\n"
            f"From: <sip:bridge@127.0.0.1>;tag=w{call}\r\nTo: <{uri}>{to_tag}\r\nCall-ID: {call}@w\r\n"
            f"CSeq: {cseq} SUBSCRIBE\r\nMax-Forwards: 70\r\nContact: <sip:bridge@{self.own};transport={self.transport}>\r\n"
            f"{extra}Content-Length: 0\r\n\r\n").encode())
        while True:
            first, headers, body = self.receive()
            if first.startswith("NOTIFY"):
                if self.fresh(headers):
                    self.notifies.append((headers, body))
            elif headers["via"].split("branch=")[1].split(";")[0] == f"z9hG4bKt{serial}":  # an older one's is late
                return int(first.split()[1]), headers, uri

    def subscribe(self, user, event="dialog", expires=600, more="", password="bridge-secret", to_tag="", call=None, cseq=1):
        global serial
        serial += 1
        call = call or f"c{serial}"
        extra = f"Event: {event}\r\nExpires: {expires}\r\n{more}"
        status, headers, uri = self.request(user, extra, call, cseq, to_tag)
        if status in (401, 407):
            name = "www-authenticate" if status == 401 else "proxy-authenticate"
            field = dict(re.findall(r'(\w+)="?([^",]+)"?', headers[name]))
            h = (lambda s: hashlib.new("sha256" if "SHA" in field["algorithm"] else "md5", s.encode()).hexdigest())
            response = h(":".join([h(f"bridge:{field['realm']}:{password}"), field["nonce"], "00000001", "x", "auth",
                                   h(f"SUBSCRIBE:{uri}")]))
            own = "Authorization" if status == 401 else "Proxy-Authorization"
            extra += (f'{own}: Digest username="bridge", realm="{field["realm"]}", nonce="{field["nonce"]}", uri="{uri}", '
                      f'response="{response}", algorithm={field["algorithm"]}, qop=auth, nc=00000001, cnonce="x"\r\n')
            status, headers, uri = self.request(user, extra, call, cseq + 1, to_tag)
        self.call = call
        return status, headers


checks = 0


def check(name, good, what=""):
    global checks
    checks += 1
    print(f"{'ok' if good else 'not ok'} {checks} - {name}" + ("" if good else f"  # {what}"), flush=True)


def a_call(sim, watcher, first, states):
    sim.control("/call", **{"from": 201, "to": 202, "dial_ms": 50, "ring_ms": 100, "talk_ms": 200})
    seen = [first] + [watcher.state() for _ in states[1:]]
    check(f"{watcher.transport}: the callee's call is told step by step", seen == states, seen)
    check("afterwards the phone is idle in truth", sim.phone(202)["state"] == "idle")


def asterisk():
    sim = Sim("--phones", "12", "--auth", "md5")
    for transport in ("udp", "tcp"):
        w = Watcher(sim, transport)
        status, headers = w.subscribe("202")
        check(f"{transport}: log-in with MD5 is taken", status == 200, status)
        first = w.state()
        a_call(sim, w, first, ["terminated", "early", "confirmed", "terminated"])
        tag = ";tag=" + headers["to"].split("tag=")[1]
        status, _ = w.subscribe("202", expires=0, to_tag=tag, call=w.call, cseq=9)
        headers, _ = w.next_notify()
        check("unsubscribed with a last report", status == 200 and headers["subscription-state"] == "terminated", headers)
    w = Watcher(sim)
    check("a wrong password is refused", w.subscribe("202", password="no")[0] == 401)
    check("an unknown line is 404", w.subscribe("999")[0] == 404)
    check("another package is 489", w.subscribe("202", event="message-summary")[0] == 489)
    status, headers = w.subscribe("202", expires=3)
    check("too short a life is 423", status == 423 and headers["min-expires"] == "10", headers)
    check("a forgotten subscription is 481", w.subscribe("202", to_tag=";tag=00000000-0", cseq=5)[0] == 481)
    check("a list without eventlist is 404", w.subscribe("lines")[0] == 404)
    status, headers = w.subscribe("lines", more="Supported: eventlist\r\n")
    headers, body = w.next_notify()
    check("a list reports every line", status == 200 and body.count("<resource ") == 12 and "multipart" in headers["content-type"])
    sim.control("/call", **{"from": 203, "dial_ms": 10, "ring_ms": 60000})
    check("then only what changed", w.next_notify()[1].count("<resource ") == 1)
    sim.control("/fault", kind="busy", count=1, retry_after_s=7)
    status, headers = w.subscribe("204")
    check("503 says when to come again", status == 503 and headers["retry-after"] == "7", status)
    w2 = Watcher(sim)
    w2.subscribe("205")
    w2.next_notify()
    sim.control("/fault", kind="terminate", phone=205, reason="deactivated")
    headers, _ = w2.next_notify()
    check("an end with a reason", headers["subscription-state"] == "terminated;reason=deactivated", headers)
    check("SIGTERM ends it cleanly", sim.end() == 0)


def kamailio():
    sim = Sim("--phones", "4", "--style", "kamailio", "--auth", "both")
    w = Watcher(sim)
    status, headers = w.subscribe("202")
    check("kamailio: log-in with the strongest is taken", status == 200, status)
    headers, body = w.next_notify()
    check("kamailio: nothing known yet, no body", body == "" and "content-type" not in headers)
    sim.control("/call", **{"from": 202, "to": 203, "dial_ms": 50, "ring_ms": 50, "talk_ms": 50})
    seen = [w.state() for _ in range(4)]
    check("kamailio: the caller's call is told step by step", seen == ["Trying", "early", "confirmed", "terminated"], seen)
    cseq = int(w.subscribe("203")[1]["cseq"].split()[0])
    check("kamailio: asks for the log-in each time", cseq == 2, cseq)
    sim.control("/restart", mode="forget", down_ms=100)
    w.socket.settimeout(0.5)  # while it is down it answers nobody: asked again until it is back
    for _ in range(120):
        try:
            status = w.subscribe("202", to_tag=";tag=00000000-0", cseq=7)[0]
            break
        except (TimeoutError, ConnectionError):
            status = "no answer"
    check("kamailio: after a restart the old one is gone", status == 481, status)
    check("SIGTERM ends it cleanly", sim.end() == 0)


def lists_too_large():
    sim = Sim("--phones", "200")
    w = Watcher(sim, "tcp")
    status, _ = w.subscribe("lines", more="Supported: eventlist\r\n")
    w.socket.settimeout(1)
    try:
        w.next_notify()
        silent = False
    except TimeoutError:
        silent = True
    check("too large a list is granted and never reported", status == 200 and silent)
    sim.end()


def orphan():
    """A parent that is killed takes pbxsim with it."""
    script = f"import subprocess, time; p = subprocess.Popen([{PBXSIM!r}, '--listen', '127.0.0.1:0']); print(p.pid, flush=True); time.sleep(600)"
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    parent.stdout.readline()  # SIP=...: it runs
    parent.kill()
    parent.wait()
    gone = False
    for _ in range(600):
        try:
            os.kill(pid, 0)
            gone = pathlib.Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] == "Z"
        except (ProcessLookupError, FileNotFoundError):
            gone = True
        if gone:
            break
        time.sleep(0.1)
    check("it does not outlive its parent", gone)


for part in (asterisk, kamailio, lists_too_large, orphan):
    part()
print(f"1..{checks}")
