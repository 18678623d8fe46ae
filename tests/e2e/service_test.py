#!/usr/bin/env python3
"""The daemon as systemd sees it: this test is the service manager's end of NOTIFY_SOCKET. READY once it can serve,
WATCHDOG while the loop turns, RELOADING and READY around a reload, STOPPING before an end with status 0."""
import contextlib
import os
import signal
import socket
import time

from cases import ANA
from stage import LIMIT_S, Stage, Tap, await_that, free_ports

WATCHDOG_S = 8


class Manager:
    """The datagrams of the service, in their order, as dicts."""

    def __init__(self, folder):
        self.path = folder / "notify.sock"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.socket.setblocking(False)
        self.said = []
        self.heard, self.stall = time.monotonic(), 0  # s in which this test itself did not get to look

    def hear(self):
        now = time.monotonic()
        self.heard, self.stall = now, max(self.stall, now - self.heard)
        with contextlib.suppress(BlockingIOError):
            while True:
                lines = self.socket.recv(65536).decode().splitlines()
                self.said.append((time.monotonic(), dict(line.split("=", 1) for line in lines)))
        return self.said

    def place(self, key, after=-1):
        """Where the first message with key=1 after this place stands."""
        return next((i for i, (_, m) in enumerate(self.hear()) if i > after and m.get(key) == "1"), None)

    def await_place(self, key, after=-1):
        await_that(f"{key}=1", lambda: self.place(key, after) is not None)
        return self.place(key, after)

    def times(self, key):
        return [at for at, m in self.hear() if m.get(key) == "1"]


def main():
    tap = Tap()
    with Stage("service") as stage:
        manager = Manager(stage.folder)
        os.environ.update(NOTIFY_SOCKET=str(manager.path), WATCHDOG_USEC=str(WATCHDOG_S * 1000000))
        os.environ.pop("WATCHDOG_PID", None)
        stage.teams_up({ANA: "Ana Alder"})
        stage.write("hq.secret", "phone-watch\n")
        pbx, = free_ports(1)
        accounts = f"""\
  - name: acme
{stage.teams_yaml()}\
    connectors:
      - {{ name: hq, type: sip, server: "sip:127.0.0.1:{pbx}", username: watch, password_file: hq.secret }}
    users:
      - {{ email: {ANA}, lines: [hq/1001] }}
"""
        daemon = stage.daemon_up(accounts, wait=False)
        with tap.case("READY=1 once it serves, though the PBX is silent"):
            ready = manager.await_place("READY")
            assert stage.offhook("status").returncode == 0
        with tap.case("WATCHDOG=1 at least twice a period"):
            await_that("five pings", lambda: len(manager.times("WATCHDOG")) >= 5)
            at = manager.times("WATCHDOG")
            gaps = [b - a for a, b in zip(at, at[1:])]
            # a busy machine makes a gap longer, never shorter: the shortest is what the daemon is at
            assert min(gaps) <= WATCHDOG_S / 2 + 0.5, gaps
            assert max(gaps) < WATCHDOG_S + manager.stall, (gaps, manager.stall)
        with tap.case("SIGHUP: RELOADING=1 with the time, then READY=1"):
            daemon.send_signal(signal.SIGHUP)
            reloading = manager.await_place("RELOADING", ready)
            assert int(manager.said[reloading][1]["MONOTONIC_USEC"]) > 0, manager.said[reloading]
            ready = manager.await_place("READY", reloading)
        with tap.case("SIGHUP with a bad file: READY=1 again, the old configuration stays"):
            good = (stage.folder / "offhook.yaml").read_text()
            stage.write("offhook.yaml", good + "nonsense: 1\n")
            daemon.send_signal(signal.SIGHUP)
            reloading = manager.await_place("RELOADING", ready)
            manager.await_place("READY", reloading)
            assert daemon.poll() is None and stage.explained(ANA)["email"] == ANA
        with tap.case("SIGTERM: STOPPING=1, then an end with status 0"):
            status = stage.kill("offhookd", signal.SIGTERM)
            assert manager.place("STOPPING") is not None, [m for _, m in manager.said[-5:]]
            assert status == 0, status
        with tap.case("a start with a bad file: 78, and never READY"):
            before = len(manager.hear())
            daemon = stage.daemon_start(wait=False)
            assert daemon.wait(LIMIT_S) == 78, daemon.returncode
            assert manager.place("READY", before) is None, "READY with a bad file"
    tap.done()


if __name__ == "__main__":
    main()
