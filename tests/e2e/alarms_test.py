#!/usr/bin/env python3
"""Alarms: raised when Entra refuses the sign-in, told by webhook and by mail, over when it is mended."""
import base64
import datetime
import hashlib
import hmac
import http.server
import json
import re
import socketserver
import threading

from objects_test import Api
from stage import Stage, Tap, await_that

ANA = "ana@acme.example"
got, mails = [], []


class Hook(http.server.BaseHTTPRequestHandler):
    refuse = 1  # so many are answered 500: they come again

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if Hook.refuse:
            Hook.refuse -= 1
            self.send_response(500)
        else:
            got.append((body, self.headers.get("X-Signature")))
            self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Mail(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as one mail needs."""

    def handle(self):
        self.say("220 sink")
        to = []
        for line in iter(lambda: self.rfile.readline().decode().strip(), ""):
            verb = line.upper()
            if verb.startswith("RCPT"):
                to.append(line.split("<")[1].split(">")[0])
            if verb.startswith("DATA"):
                self.say("354 go on")
                text = b""
                while not text.endswith(b"\r\n.\r\n"):
                    line = self.rfile.readline()
                    if not line:
                        return None  # cut off within the mail: not a mail
                    text += line
                mails.append((to, text.decode()))
            if verb.startswith("QUIT"):
                return self.say("221 bye")
            self.say("250 ok")

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")


def serve(kind, handler):
    server = kind(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def told(state, name):
    return [a for body, _ in got for a in json.loads(body)["alarms"] if a["state"] == state and a["id"] == name]


def mailed(words):
    return [m for m in mails if words in m[1]]


def main():
    tap = Tap()
    with Stage("alarms") as stage:
        hook = serve(http.server.ThreadingHTTPServer, Hook)
        smtp = serve(socketserver.ThreadingTCPServer, Mail)
        stage.teams_up({ANA: "Ana"})
        stage.write("hook.secret", "a-secret-of-the-hook\n")
        stage.write("acme.secret", "wrong\n")
        stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml()}\
    users: [ {{ email: {ANA} }} ]
""", server=f"""\
  alarms:
    webhook: http://127.0.0.1:{hook}/alarms
    webhook_secret_file: hook.secret
    smtp: smtp://127.0.0.1:{smtp}
    mail_from: offhook@acme.example
    mail_to: [ops@acme.example, eva@acme.example]
""")
        with tap.case("a refused sign-in is an alarm, with what to do"):
            def raised():
                return [a for a in stage.api("/alarms")["alarms"] if a["id"] == "token-refused"]
            await_that("raised", raised)
            alarm = raised()[0]
            assert alarm["account"] == "acme" and alarm["severity"] == "critical" and alarm["fix"], alarm
            assert 'offhook_alarms{severity="critical"} 1' in stage.metrics()
        with tap.case("it is told by webhook, signed, and again after an error; and by mail"):
            await_that("the webhook", lambda: told("raised", "token-refused"))
            body, signature = got[-1]
            wanted = base64.b64encode(hmac.new(b"a-secret-of-the-hook", body, hashlib.sha256).digest()).decode()
            assert signature == wanted, (signature, wanted)
            told_as = {"$ref": "#/components/schemas/alarms_told"}
            assert not (faults := stage.described().faults_of(json.loads(body), told_as)), faults
            await_that("the mail", lambda: mailed(": acme: microsoft entra refuses the sign-in"))
            to, text = mailed(": acme: microsoft entra refuses the sign-in")[-1]
            assert to == ["ops@acme.example", "eva@acme.example"], to
            assert "Subject: [offhook] " in text, text
            assert "what to do:" in text and "a-secret" not in text, text
        with tap.case("a test message arrives by both, though it is mild; its addresses are the file's"):
            assert Api(stage).ask("POST", "/alarms/test", {})[0] == 200
            await_that("the webhook", lambda: told("raised", "test"))
            await_that("the mail", lambda: mailed("somebody has asked for a test message"))
            status, config, _ = Api(stage).ask("GET", "/alarms/config")
            assert status == 200 and config["read_only"] and config["file"].endswith("offhook.yaml"), config
        with tap.case("mended, it is over, and that is told too"):
            stage.write("acme.secret", "e2e-secret\n")
            await_that("over", lambda: not raised())
            await_that("told", lambda: told("over", "token-refused"))
            await_that("mailed", lambda: mailed("over: acme: microsoft entra refuses the sign-in"))
        with tap.case("a secret that ends in days is an alarm as soon as its end is known, over with another end"):
            def ends_on(day):
                path = stage.folder / "offhook.yaml"
                text = re.sub(r" +client_secret_ends: .*\n", "", path.read_text())
                key = "      client_secret_file: acme.secret\n"
                assert key in text, text
                path.write_text(text.replace(key, f"{key}      client_secret_ends: {day.isoformat()}\n"))
                stage.offhook("reload")
            ends_on(datetime.date.today() + datetime.timedelta(days=5))
            await_that("told", lambda: told("raised", "secret-ends"))
            assert "days left" in str(stage.api("/alarms")), stage.api("/alarms")
            assert not re.search(r'offhook_graph_credential_ends_seconds{account="acme"} 0', stage.metrics())
            ends_on(datetime.date.today() + datetime.timedelta(days=500))
            await_that("over", lambda: told("over", "secret-ends"))
        with tap.case("messages are counted"):
            def messages(kind):
                return int(re.search(rf'offhook_alarm_messages_total{{class="{kind}"}} (\d+)', stage.metrics()).group(1))
            await_that("both ways, raised and over, twice", lambda: messages("sent") >= 8)
            assert messages("failed") >= 1 and messages("dropped") == 0, stage.metrics()
        with tap.case("nothing else was told, nothing twice"):
            assert len(told("raised", "token-refused")) == 1 and len(told("over", "token-refused")) == 1, got
        with tap.case("that messages do not arrive is an alarm, over with the next one that does"):
            def failing():
                return [a for a in stage.api("/alarms")["alarms"] if a["id"] == "messages"]
            Hook.refuse = 3  # three tries in forty seconds
            ends_on(datetime.date.today() + datetime.timedelta(days=5))
            # it is told by the next message, and over when that has arrived: a slow machine sees it there only
            raised_once = await_that("raised", lambda: failing() or told("raised", "messages"))
            assert "webhook of alarms: status 500" in str(raised_once), raised_once
            await_that("over", lambda: not failing())
            await_that("told", lambda: told("over", "messages"))
    tap.done()


if __name__ == "__main__":
    main()
