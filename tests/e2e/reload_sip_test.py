#!/usr/bin/env python3
"""SIGHUP with new settings of a SIP connector: a password mended in its file, other credentials in a call, a renewed
certificate of the listener; and the names that two PBXs hear of us have nothing in common, nor have those of before and
after a reload."""
import re
import signal
import socket
import ssl
import threading

from kamailio import Kamailio
from phones import Phones
from restart_test import held_requests
from stage import LIMIT_S, Stage, Tap, await_that, free_ports
from tls_test import BackPbx, Lines, certificate

ANA, BEN, CYD = "ana@acme.example", "ben@acme.example", "cyd@acme.example"


class Names:
    """A PBX that answers nothing: it notes the names by which it is asked."""

    def __init__(self):
        self.s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.s.bind(("127.0.0.1", 0))
        self.port = self.s.getsockname()[1]
        self.asked = []  # the names in each request, in the order of the requests
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        try:
            while True:
                text = self.s.recv(65536).decode(errors="replace")
                self.asked.append(set(re.findall(r"(?im)^Call-ID: *(\S+)|^From:.*;tag=(\w+)|;branch=(\w+)", text)))
        except OSError:
            pass

    def heard(self, since=0):
        return set().union(*self.asked[since:])


def names(tap):
    with Stage("names") as stage:
        one, two = Names(), Names()
        stage.undo += [one.s.close, two.s.close]
        stage.teams_up({ANA: ANA})
        stage.write("hq.secret", "first\n")
        daemon = stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml()}\
    connectors:
      - {{ name: hq, type: sip, server: "sip:127.0.0.1:{one.port};transport=udp", username: watch, password_file: hq.secret }}
      - {{ name: br, type: sip, server: "sip:127.0.0.1:{two.port};transport=udp" }}
    users:
      - {{ email: {ANA}, lines: [hq/1001, br/1001] }}
""", wait=False)
        with tap.case("no Call-ID, tag or branch is the same towards two PBXs"):
            await_that("both are asked", lambda: one.asked and two.asked)
            assert not one.heard() & two.heard(), one.heard() & two.heard()
        with tap.case("nor after a reload with another password"):
            call_ids = lambda names: {call_id for call_id, _, _ in names if call_id}
            before = call_ids(one.heard())
            stage.write("hq.secret", "second\n")
            daemon.send_signal(signal.SIGHUP)
            log = stage.folder / "offhookd.log"
            await_that("reloaded", lambda: "hq: new settings" in log.read_text())
            # what was sent before the reload may be read after it: the first request of another dialog is what counts
            fresh = await_that("asked again", lambda: next(
                (i for i, names in enumerate(one.asked) if not call_ids(names) & before), None))
            await_that("and once more", lambda: len(one.asked) > fresh + 1)
            old = set().union(*one.asked[:fresh])
            assert not old & one.heard(fresh), old & one.heard(fresh)


def configuration(stage, pbx, back, listen, username):
    return f"""\
  - name: acme
{stage.teams_yaml()}\
    connectors:
      - {{ name: hq, type: sip, server: "sip:{pbx.sip};transport=tcp", username: {username}, password_file: {username}.secret }}
      - {{ name: bad, type: sip, server: "sip:{pbx.sip};transport=tcp", username: odd, password_file: odd.secret }}
      - name: back
        type: sip
        server: "sip:127.0.0.1:{back.port};transport=udp"
        listen: "sip:127.0.0.1:{listen};transport=tls"
        tls: {{ certificate_file: own.crt, key_file: own.key }}
    users:
      - {{ email: {ANA}, lines: [hq/1001] }}
      - {{ email: {BEN}, lines: [bad/1003] }}
      - {{ email: {CYD}, lines: [back/201] }}
"""


def settings(tap):
    with Stage("reload-sip") as stage:
        pbx = Kamailio(stage)
        phones = Phones(stage, pbx.sip, Kamailio.password)
        stage.undo.append(phones.down)
        stage.teams_up({e: e for e in (ANA, BEN, CYD)})
        for name, password in (("watch", "phone-watch"), ("other", "phone-other"), ("odd", "not-yet-right")):
            stage.write(f"{name}.secret", password + "\n")
        back, listen = BackPbx(certificate(stage, "own")), free_ports(1)[0]
        stage.undo.append(back.s.close)
        daemon = stage.daemon_up(configuration(stage, pbx, back, listen, "watch"), wait=False)
        log = stage.folder / "offhookd.log"
        lines = Lines(stage, tap, phones)
        line = lambda email: stage.explained(email)["lines"][0]

        def reload():
            before = log.read_text().count(": reloaded")
            daemon.send_signal(signal.SIGHUP)
            await_that("reloaded", lambda: log.read_text().count(": reloaded") > before)

        with tap.case("a password mended in its file is taken at the reload, not some minutes later"):
            await_that("refused", lambda: re.search("bad.*log-in refused", log.read_text()))
            stage.write("odd.secret", "phone-odd\n")
            reload()
            await_that("the line reports", lambda: line(BEN)["sync"] == "synced")
        with tap.case("other credentials in a call: nobody flaps, nothing is sent; the end of the call frees"):
            await_that("the line reports", lambda: line(ANA)["sync"] == "synced")
            phones.call("1001", "1002")
            await_that("they talk", lambda: line(ANA)["call"] == "talking")
            await_that("busy", lambda: stage.teams_user(ANA)["availability"] == "Busy")
            before = len(held_requests(stage))
            text = (stage.folder / "offhook.yaml").read_text()
            stage.write("offhook.yaml", text.replace("username: watch, password_file: watch", "username: other, password_file: other"))
            reload()
            await_that("synchronised again", lambda: line(ANA)["sync"] == "synced" and line(ANA)["call"] == "talking")
            assert len(held_requests(stage)) == before, held_requests(stage)[before:]
            phones.hang_up("1001")
            await_that("free", lambda: stage.teams_user(ANA)["availability"] == "Offline")
        with tap.case("a renewed certificate of the listener is shown after the reload"):
            assert back.taken.wait(LIMIT_S), "no SUBSCRIBE"
            back.connect().close()
            fresh = certificate(stage, "own")
            reload()
            await_that("the new one is shown", lambda: trusts(back, fresh))
        with tap.case("one that cannot be used is told, and the old one stays"):
            stage.write("own.key", "-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n")
            reload()
            await_that("told", lambda: re.search("back: .*own.key|back: .*key", log.read_text()))
            assert trusts(back, fresh)


def trusts(back, ca):
    try:
        back.connect(ca=ca).close()
    except ssl.SSLError:
        return False
    return True


def main():
    tap = Tap()
    names(tap)
    settings(tap)
    tap.done()


if __name__ == "__main__":
    main()
