#!/usr/bin/env python3
"""The cases of doc/presence-rules.md with a real Asterisk 22 and its resource list. Needs the peers beside the
project (../shared/peers); skipped, in one plain line, where they are absent. SIP over TLS with a private CA."""
import fcntl
import os
import pathlib
import shlex
import socket
import subprocess
import tempfile

import cases
from stage import SHARED, Stage, Tap, await_that, free_ports


class Ami:
    """Just enough of Asterisk's manager interface to make its simulated phones call each other."""

    def __init__(self, address, login):
        host, port = address.split(":")
        self.s = socket.create_connection((host, int(port)), timeout=120)
        user, secret = login.split(":")
        self.buffer = b""
        self.read_until(b"\r\n")
        self.action(Action="Login", Username=user, Secret=secret, Events="off")

    def read_until(self, mark):
        while mark not in self.buffer:
            data = self.s.recv(65536)
            if not data:
                raise AssertionError("asterisk closed the manager connection")
            self.buffer += data
        part, _, self.buffer = self.buffer.partition(mark)
        return part.decode()

    def action(self, **fields):
        self.s.sendall("".join(f"{k}: {v}\r\n" for k, v in fields.items()).encode() + b"\r\n")
        while True:
            answer = self.read_until(b"\r\n\r\n")
            if answer.startswith("Response:"):
                break
        if not answer.startswith(("Response: Success", "Response: Goodbye")):
            raise AssertionError(f"{fields}: {answer}")


class Asterisk:
    line, other_line = "1001", "1003"

    def __init__(self, stage):
        sip, sips, ami, amis, web = free_ports(5)
        self.env = {**os.environ, "PEER_ASTERISK_RUN": str(stage.folder / "asterisk"), "SIP_PORT": str(sip),
                    "SIPS_PORT": str(sips), "AMI_PORT": str(ami), "AMIS_PORT": str(amis), "HTTP_PORT": str(web)}
        stage.undo.append(lambda: subprocess.run([SHARED / "asterisk" / "stop.sh"], env=self.env, check=False))
        self.start()
        self.manager = Ami(self.ami, self.ami_login)

    def start(self):
        """It gives up after 15 s on an Asterisk that is slow to come; the next call waits for the same one."""
        def started():
            with open(pathlib.Path(tempfile.gettempdir()) / "offhook-peer-asterisk.lock", "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # where it is missing it is unpacked, by one test at a time
                done = subprocess.run([SHARED / "asterisk" / "start.sh"], env=self.env, capture_output=True, text=True, timeout=600)
            if done.returncode == 0:
                return done.stdout
            if "not ready" not in done.stderr:
                raise AssertionError(f"asterisk: {done.stderr[-2000:]}")
            await_that("asterisk has booted", lambda: "booted" in self.console("core waitfullybooted"))
            return None
        for word in shlex.split(await_that("asterisk is up", started)):
            key, _, value = word.partition("=")
            setattr(self, key.lower(), value)

    def console(self, command):
        return subprocess.run([SHARED / "asterisk" / "cli.sh", command], env=self.env, capture_output=True, text=True,
                              timeout=60).stdout

    def again(self):
        """Once more, as it ended: with its states and subscriptions."""
        self.env["PEER_ASTERISK_KEEP"] = "1"
        self.start()
        self.manager = type(self.manager)(self.ami, self.ami_login)

    def kill(self):
        os.kill(int(self.peer_pid), 9)
        await_that("asterisk is gone", lambda: not os.path.exists(f"/proc/{self.peer_pid}") or
                   open(f"/proc/{self.peer_pid}/stat").read().split()[2] == "Z")

    def call(self):
        self.manager.action(Action="Originate", Channel="PJSIP/1001", Context="from-internal", Exten="1002",
                            Priority="1", Async="true")

    def hang_up(self):
        self.manager.action(Action="Hangup", Channel="/^PJSIP/1001-.*$/")

    def hand_status(self):
        self.manager.action(Action="Setvar", Variable="PRESENCE_STATE(CustomPresence:1001)", Value="away,lunch,soon")


def main():
    tap = Tap()
    if not (SHARED / "asterisk" / "start.sh").exists():
        tap.skip("the cases with Asterisk 22", "../shared/peers is absent")
        return tap.done()
    with Stage("asterisk") as stage:
        pbx = Asterisk(stage)
        stage.teams_up({cases.ANA: "Ana Alder", cases.BEN: "Ben Berg"})
        stage.write("hq.secret", "bridge-secret\n")
        stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml()}\
    connectors:
      - name: hq
        type: sip
        server: "sip:{pbx.sips};transport=tls"
        username: bridge
        password_file: hq.secret
        ca_file: {pbx.ca}
        lists: ["sip:lines@{pbx.sips}"]
    users:
      - {{ email: {cases.ANA}, lines: [hq/1001, hq/1003] }}
      - {{ email: {cases.BEN}, lines: [hq/1002] }}
""")
        cases.Cases(stage, tap, pbx).run()
        with tap.case("the lines came by Asterisk's list, one subscription for all of them"):
            shown = pbx.console("pjsip show subscriptions inbound")
            assert "lines" in shown, shown
        with tap.case("a kill -9 of Asterisk in a call: it numbers from before, and the person comes right all the same"):
            pbx.kill()
            pbx.again()
            pbx.call()
            await_that("busy again", lambda: stage.teams_user(cases.ANA)["availability"] == "Busy")
            pbx.hang_up()
            await_that("free again", lambda: stage.teams_user(cases.ANA)["availability"] == "Offline")
    tap.done()


if __name__ == "__main__":
    main()
