#!/usr/bin/env python3
"""Webhooks over real sockets: reports by curl-like requests turn people busy and free, over HTTP and TLS; everything
else is refused in words, and nothing but the reports' routes can be reached on their listener."""
import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import re
import socket
import ssl
import time
import urllib.parse
import warnings

from stage import Stage, Tap, await_that, direct, free_ports, http as api
from tls_test import certificate

ANA, BEN, CYD = "ana@acme.example", "ben@acme.example", "cyd@acme.example"
TOKEN, SECRET = "a-token-of-the-crm", "yeastar-secret-0123456789abcdefg"
CRM = "/api/v1/accounts/acme/connectors/crm"
PBX = "/api/v1/accounts/acme/connectors/yeastar/events"


class Sender:
    """stage: the one against whose API's description the answers are held."""

    def __init__(self, port, context=None, stage=None):
        self.port, self.context, self.stage = port, context, stage

    def connection(self):
        if self.context:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=120, context=self.context)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def ask(self, path, body=None, token=TOKEN, method="POST", headers=None):
        """(status, document or text, headers)"""
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        head = {"Content-Type": "application/json", **(headers or {})}
        if token:
            head["Authorization"] = f"Bearer {token}"
        with contextlib.closing(self.connection()) as c:
            c.request(method, path, data, head)
            answer = c.getresponse()
            text = answer.read().decode()
        if self.stage and path.partition("?")[0].endswith(("/state", "/events")):  # the API's other routes are not here
            self.stage.answered(method, path, answer.status, answer.headers, text)
        with contextlib.suppress(ValueError):
            return answer.status, json.loads(text), dict(answer.getheaders())
        return answer.status, text, dict(answer.getheaders())

    def line(self, number, body, **settings):
        return self.ask(f"{CRM}/lines/{urllib.parse.quote(number, safe='')}/state", body, **settings)

    def yeastar(self, event, secret=SECRET, **msg):
        body = json.dumps({"type": event, "sn": "3631A2124XXX", "msg": json.dumps(msg)}).encode()
        mac = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
        return self.ask(PBX, body, token=None, headers={"X-Signature": mac})

    def raw(self, data, limit_s=120):
        """What comes back for these bytes, until the other side closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=limit_s) as s:
            got = b""
            with contextlib.suppress(ConnectionError):
                s.sendall(data)
                while more := s.recv(65536):
                    got += more
            return got


def counter(stage, name):
    return sum(float(m) for m in re.findall(rf'^offhook_\S*{{[^}}]*"{name}"[^}}]*}} (\S+)$', stage.metrics(), re.M))


def yaml(stage):
    return f"""\
  - name: acme
{stage.teams_yaml()}\
    connectors:
      - {{ name: crm, type: webhook, token_file: crm.token }}
      - {{ name: yeastar, type: webhook, format: yeastar, token_file: yeastar.secret, profile: read }}
      - name: other
        type: webhook
        format: mapped
        token_file: crm.token
        line_at: /call/ext
        state_at: /call/phase
        states: [connected=busy, ended=idle]
        only: /event=call
        sequence_at: /n
    users:
      - {{ email: {ANA}, lines: [crm/201, "crm/+49%#30"] }}
      - {{ email: {BEN}, lines: [yeastar/2002] }}
      - {{ email: {CYD}, lines: [other/7] }}
"""


def reports(stage, tap, sender):
    seen = lambda email: stage.teams_user(email)["availability"]
    with tap.case("a report turns the person busy, the next one frees"):
        # as long as one of the person's lines has said nothing since the start, nothing is lowered
        assert sender.line("+49%#30", {"state": "idle"})[0] == 200
        status, answer, _ = sender.line("201", {"state": "busy"})
        assert (status, answer) == (200, {"result": "applied"}), (status, answer)
        await_that("busy", lambda: seen(ANA) == "Busy")
        assert sender.line("201", {"state": "idle"}, method="PUT")[0] == 200
        await_that("free", lambda: seen(ANA) == "Offline")
    with tap.case("a line's name may hold anything, percent-encoded; dnd and calls one by one"):
        assert sender.line("+49%#30", {"state": "busy", "call": "a"})[0] == 200
        assert sender.line("+49%#30", {"state": "busy", "call": "b"})[0] == 200
        assert sender.line("+49%#30", {"state": "idle", "call": "a"})[0] == 200
        await_that("busy", lambda: seen(ANA) == "Busy")
        assert sender.line("+49%#30", {"dnd": True})[0] == 200
        await_that("dnd", lambda: seen(ANA) == "DoNotDisturb")
        assert sender.line("+49%#30", {"state": "idle", "call": "b", "dnd": False})[0] == 200
        await_that("free", lambda: seen(ANA) == "Offline")
    with tap.case("an overtaken report is dropped, and answered 200 so that it is not sent again"):
        assert sender.line("201", {"state": "idle", "sequence": 10})[1] == {"result": "applied"}
        assert sender.line("201", {"state": "busy", "sequence": 9})[1] == {"result": "stale"}
        assert sender.line("201", {"state": "busy", "time": "2026-11-24T14:00:00Z"})[1] == {"result": "applied"}
        assert sender.line("201", {"state": "idle", "time": "2026-11-24T15:00:00Z"})[1] == {"result": "applied"}
        assert sender.line("201", {"state": "busy", "time": "2026-11-24T14:30:00Z"})[1] == {"result": "stale"}
        assert counter(stage, "old_report") >= 0
        assert seen(ANA) == "Offline"
    with tap.case("Yeastar: a presence set there counts over an earlier one of the app, be it the first that is told"):
        stage.offhook("set", BEN, "busy")
        await_that("busy", lambda: stage.explained(BEN)["combined"] == "busy")
        assert sender.yeastar(30009, extension="2002", status="away")[1] == {"result": "applied"}
        await_that("away", lambda: stage.explained(BEN)["profile"] == "away")
        assert sender.yeastar(30009, extension="2002", status="available")[0] == 200
        await_that("available", lambda: stage.explained(BEN)["profile"] == "available")
    with tap.case("Yeastar: signed events, calls, presence, other extensions and other events"):
        assert sender.yeastar(30008, extension="2002", status="Busy")[1] == {"result": "applied"}
        await_that("busy", lambda: seen(BEN) == "Busy")
        assert sender.yeastar(30009, extension="2002", status="do_not_disturb")[0] == 200
        await_that("dnd", lambda: seen(BEN) == "DoNotDisturb")
        assert sender.yeastar(30008, extension="2002", status="Idle")[0] == 200
        assert sender.yeastar(30009, extension="2002", status="lunch")[0] == 200
        await_that("away", lambda: stage.explained(BEN)["combined"] == "away")
        assert sender.yeastar(30009, extension="2002", status="available")[0] == 200
        await_that("available", lambda: stage.explained(BEN)["combined"] == "available")
        assert sender.yeastar(30007, extension="2002", kind="Sip", status="Unregistered", registered_ip="")[0] == 200
        await_that("gone", lambda: not stage.explained(BEN)["lines"][0]["registered"])
        assert sender.yeastar(30008, extension="7777", status="Busy")[1] == {"result": "ignored"}
        assert sender.yeastar(30012, call_id="x")[1] == {"result": "ignored"}
        assert sender.yeastar(30008, secret="another", extension="2002", status="Busy")[0] == 401
    with tap.case("a mapping from the configuration"):
        path = "/api/v1/accounts/acme/connectors/other/events"
        assert sender.ask(path, {"event": "call", "n": 2, "call": {"ext": 7, "phase": "connected"}})[0] == 200
        await_that("busy", lambda: seen(CYD) == "Busy")
        assert sender.ask(path, {"event": "door", "n": 3})[1] == {"result": "ignored"}
        assert sender.ask(path, {"event": "call", "n": 1, "call": {"ext": 7, "phase": "ended"}})[1] == {"result": "stale"}
        status, answer, _ = sender.ask(path, {"event": "call", "n": 4, "call": {"ext": 7, "phase": "lost"}})
        assert status == 422 and "lost is not in states" in answer["detail"], answer
        assert sender.ask(path, {"event": "call", "n": 5, "call": {"ext": 7, "phase": "ended"}})[0] == 200
        await_that("free", lambda: seen(CYD) == "Offline")


def refusals(stage, tap, sender):
    def refused(wanted, words, *args, **settings):
        status, answer, head = sender.ask(*args, **settings)
        assert status == wanted, (status, answer)
        assert head["Content-Type"] == "application/problem+json" and answer["status"] == wanted, (head, answer)
        assert re.search(words, answer["detail"]), answer
        return head

    line = f"{CRM}/lines/201/state"
    with tap.case("a wrong token, none, another connector's and a bad signature: 401, before anything else"):
        before = counter(stage, "token_refused")
        for token in ("wrong", None, SECRET, TOKEN + "x", ""):
            assert "WWW-Authenticate" in refused(401, "token", line, {"state": "busy"}, token=token)
        refused(401, "token", f"{CRM}/lines/999/state", b"no json", token="wrong")
        refused(401, "token", line, b"no json", token="wrong", headers={"Content-Type": "text/plain"})
        await_that("counted", lambda: counter(stage, "token_refused") >= before + 7)
    with tap.case("a token as password, or in the URL for senders without headers"):
        basic = base64.b64encode(f"offhook:{TOKEN}".encode()).decode()
        assert sender.ask(line, {"state": "idle"}, token=None, headers={"Authorization": f"Basic {basic}"})[0] == 200
        assert sender.ask(f"{line}?token={urllib.parse.quote(TOKEN)}", {"state": "idle"}, token=None)[0] == 200
        refused(401, "token", f"{line}?token=wrong", {"state": "idle"}, token=None)
    with tap.case("an unknown line, connector or account, and a connector of another kind: 404"):
        refused(404, "999 is not configured", f"{CRM}/lines/999/state", {"state": "busy"})
        refused(404, "no such webhook connector", "/api/v1/accounts/acme/connectors/nope/events", {"state": "busy"})
        refused(404, "no such webhook connector", "/api/v1/accounts/nope/connectors/crm/events", {"state": "busy"})
    with tap.case("wrong bodies: 400, 415, 422 with the place and the reason"):
        before = counter(stage, "bad_body")
        refused(400, "line 1, column", line, b"{\"state\": busy}")
        refused(400, "empty", line, b"")
        refused(422, "state must be .*not flying", line, {"state": "flying"})
        refused(422, "unknown key sate", line, {"sate": "busy"})
        refused(422, "no line", f"{CRM}/events", {"state": "busy"})
        for kind in ("application/x-www-form-urlencoded", "text/plain", "text/plain; charset=utf-8", "text/json", "json", ""):
            refused(415, "application/json", line, b'{"state": "idle"}', headers={"Content-Type": kind})
        await_that("counted", lambda: counter(stage, "bad_body") >= before + 11)
        for kind in ("Application/JSON; charset=utf-8", "application/vnd.acme.call+json"):
            assert sender.ask(line, {"state": "idle"}, headers={"Content-Type": kind})[0] == 200
    with tap.case("bodies over 64 kB: 413, told by length and in chunks"):
        refused(413, "65536", line, b" " * 65537)
        chunked = (f"POST {line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nTransfer-Encoding: chunked\r\n"
                   "Connection: close\r\n\r\n").encode() + b"8000\r\n" + b" " * 32768 + b"\r\n"
        assert sender.raw(chunked + (b"8000\r\n" + b" " * 32768 + b"\r\n") * 3 + b"0\r\n\r\n").startswith(b"HTTP/1.1 413")
    with tap.case("nothing else is to be had on this listener"):
        for method, path in (("GET", "/"), ("GET", "/metrics"), ("GET", "/healthz"), ("GET", "/api/v1/accounts"),
                             ("PUT", f"/api/v1/accounts/acme/users/{ANA}/profile"), ("POST", "/api/v1/reload"),
                             ("POST", "/api/v1/clear"), ("GET", f"{CRM}/lines"), ("GET", "/api/v1/events"),
                             ("POST", f"{CRM}/lines/201/state/"), ("POST", "/api/v1/check"), ("DELETE", "/metrics")):
            refused(404, "no such path", path, {} if method in ("POST", "PUT") else None, method=method)
        assert refused(405, "POST and PUT", line, method="GET")["Allow"] == "POST, PUT"
        assert refused(405, "POST", f"{CRM}/events", method="DELETE")["Allow"] == "POST"
    with tap.case("broken HTTP, contradicting lengths and long heads are refused"):
        head = f"POST {line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n"
        for rest in ("Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "Content-Length : 5\r\n\r\nhello",
                     "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Host: y\r\n\r\n",
                     "Content-Length: -5\r\n\r\nhello"):
            got = sender.raw((head + rest).encode())
            assert got.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400")) or got == b"", (rest, got)
        got = sender.raw((head + "X: " + "a" * 100000 + "\r\n\r\n").encode())
        assert got == b"" or got.split()[1] in (b"431", b"413", b"400"), got
        assert sender.raw(b"\x16\x03\x01\x02\x00garbage\r\n\r\n")[:12] in (b"", b"HTTP/1.1 400", b"HTTP/1.0 400")
    with tap.case("still right after all that"):
        assert sender.line("201", {"state": "busy", "time": "2026-11-24T16:00:00Z"})[0] == 200
        await_that("busy", lambda: stage.teams_user(ANA)["availability"] == "Busy")
        assert sender.line("201", {"state": "idle", "time": "2026-11-24T16:01:00Z"})[0] == 200
        await_that("free", lambda: stage.teams_user(ANA)["availability"] == "Offline")


def is_closed(s):
    s.setblocking(False)
    try:
        return s.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def caps(stage, tap, sender):
    with tap.case("connections of one address are capped; a request that never ends is cut"):
        with contextlib.ExitStack() as stack:
            start = time.monotonic()
            first = stack.enter_context(socket.create_connection(("127.0.0.1", sender.port), timeout=60))
            first.sendall(f"POST {CRM}/lines/201/state HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{{".encode())
            others = []
            for _ in range(70):
                others.append(stack.enter_context(socket.create_connection(("127.0.0.1", sender.port), timeout=60)))
                with contextlib.suppress(ConnectionError):
                    others[-1].sendall(b"POST ")
            await_that("some are refused", lambda: sum(map(is_closed, others)) >= 5)
            # unless it was so slow that the deadline of all of them has come
            assert sum(map(is_closed, others)) < 70 or time.monotonic() - start > 5
            first.settimeout(180)
            with contextlib.suppress(ConnectionError):
                while first.recv(4096):
                    pass
            assert time.monotonic() - start > 5
        await_that("heard again", lambda: sender.line("201", {"state": "idle"})[0] == 200)
        assert counter(stage, "webhook_deadlines") >= 0


def other_ways(stage, tap):
    with tap.case("offhook check and connectors show webhooks"):
        shown = json.loads(stage.offhook("connectors", "--json").stdout)["connectors"]
        crm = next(c for c in shown if c["name"] == "crm")
        assert crm["up"] and crm["live"] == 2 and crm["lines"] == 2, crm
        text = stage.offhook("check", check=False).stdout
        assert re.search(r"crm.*2 of 2 lines report", text), text
    with tap.case("the UNIX socket takes reports without a token"):
        done = stage.run("curl", "-sS", "--unix-socket", stage.folder / "api.sock", "-X", "POST", "-H",
                         "Content-Type: application/json", "-d", '{"state":"busy","time":"2026-11-24T17:00:00Z"}',
                         f"http://localhost{CRM}/lines/201/state")
        assert json.loads(done.stdout) == {"result": "applied"}, done.stdout
        await_that("busy", lambda: stage.teams_user(ANA)["availability"] == "Busy")
        done = stage.run("curl", "-sS", "--unix-socket", stage.folder / "api.sock", "-d", "{}", "-H",
                         "Content-Type: application/json", f"http://localhost{CRM}/lines/999/state")
        assert json.loads(done.stdout)["status"] == 404, done.stdout
    with tap.case("the listener of the console does not, from somebody who is not signed in"):
        status, _ = api("POST", f"http://127.0.0.1:{stage.port}{CRM}/lines/201/state", {"state": "idle"})
        assert status == 401, status
        assert stage.teams_user(ANA)["availability"] == "Busy"


def plain(tap):
    with Stage("webhook") as stage:
        port, = free_ports(1)
        stage.teams_up({e: e for e in (ANA, BEN, CYD)})
        stage.write("crm.token", TOKEN + "\n")
        stage.write("yeastar.secret", SECRET + "\n")
        stage.daemon_up(yaml(stage), server=f"  webhooks: 127.0.0.1:{port}\n")
        sender = Sender(port, stage=stage)
        reports(stage, tap, sender)
        refusals(stage, tap, sender)
        caps(stage, tap, sender)
        other_ways(stage, tap)
        with tap.case("no token is in log, metrics or API"):
            text = (stage.folder / "offhookd.log").read_text() + stage.metrics() + stage.offhook("connectors", "--json").stdout
            assert TOKEN not in text and SECRET not in text
        with tap.case("the daemon ends in order with a request under way"):
            with socket.create_connection(("127.0.0.1", port), timeout=120) as s:
                s.sendall(b"POST ")
                assert stage.kill("offhookd", 15) == 0


def over_tls(tap):
    with Stage("webhook-tls") as stage:
        port, = free_ports(1)
        own, other = certificate(stage, "own"), certificate(stage, "other")
        stage.teams_up({e: e for e in (ANA, BEN, CYD)})
        stage.write("crm.token", TOKEN + "\n")
        stage.write("yeastar.secret", SECRET + "\n")
        server = f"  webhooks: 127.0.0.1:{port}\n  webhooks_tls: {{ certificate_file: own.crt, key_file: own.key }}\n"
        stage.daemon_up(yaml(stage), server=server)
        with tap.case("over TLS, with the certificate of webhooks_tls"):
            sender = Sender(port, ssl.create_default_context(cafile=own))
            assert sender.line("201", {"state": "busy"})[0] == 200
            await_that("busy", lambda: stage.teams_user(ANA)["availability"] == "Busy")
        with tap.case("plain HTTP and old TLS come to nothing there"):
            assert not Sender(port).raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP")
            old = ssl.create_default_context(cafile=own)
            with warnings.catch_warnings(action="ignore"):
                old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
            old.set_ciphers("ALL:@SECLEVEL=0")
            try:
                Sender(port, old).line("201", {"state": "idle"})
            except (ssl.SSLError, ConnectionError):
                pass
            else:
                raise AssertionError("TLS 1.1 was taken")
        with tap.case("a new certificate is taken at a reload; one that does not fit is not"):
            (stage.folder / "own.crt").write_text(other.read_text())
            done = stage.offhook("reload", check=False)
            assert "do not fit" in done.stdout + done.stderr, done
            assert sender.line("201", {"state": "idle"})[0] == 200
            (stage.folder / "own.key").write_text((stage.folder / "other.key").read_text())
            stage.offhook("reload")
            sender = Sender(port, ssl.create_default_context(cafile=other))

            def taken():
                try:
                    return sender.line("201", {"state": "busy"})[0] == 200
                except ssl.SSLError:
                    return False
            await_that("the new certificate is shown", taken)


def main():
    tap = Tap()
    plain(tap)
    over_tls(tap)
    tap.done()


if __name__ == "__main__":
    main()
