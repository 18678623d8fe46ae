#!/usr/bin/env python3
"""pages.py - 200 open live pages and 10,000 people changing: does anybody on a phone wait longer for it?

The daemon, optimised, with 10,000 phones of pbxsim that call all the time and teamsim without a limit. Beside them a
PBX of one line sends a NOTIFY every few milliseconds and stops the time until its 200: the daemon answers after the
change has gone through the engine and its request has left, so that is what the loop makes everybody wait. Turns with
the pages open and turns without alternate; minima and medians of the turns' p99 are compared
(issue 5: at most 1.2). As everywhere, a run whose turns without pages lie further apart than 1.3 is rejected.

usage: bench/pages.py BUILD    (an optimised one, with offhookd, teamsim and pbxsim)"""
import multiprocessing
import os
import pathlib
import re
import selectors
import socket
import statistics
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
os.environ.setdefault("OFFHOOK_BUILD", str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build-bench").resolve()))
from stage import Stage, await_that, http, note  # noqa: E402

PEOPLE, PAGES, LIMIT, SPREAD = 10000, 200, 1.2, 1.3
TURNS, SAMPLES, PAUSE_S = 9, 1000, 0.01
CALLS_PER_HOUR = 90000  # of all of them: a change of 100 people a second
LINE = "9999"
DOCUMENT = """<?xml version="1.0"?>
<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="{n}" state="full" entity="sip:9999@127.0.0.1">
<dialog id="d{n}" call-id="c" direction="initiator"><state>{state}</state></dialog></dialog-info>
"""


class Probe:
    """The PBX of one line: takes SUBSCRIBEs, sends NOTIFYs, and knows how long each one's 200 took."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.dialog, self.cseq, self.took = None, 0, {}
        self.answered = threading.Event()
        threading.Thread(target=self.listen, daemon=True).start()

    @staticmethod
    def header(text, name):
        return re.search(rf"^{name}:\s*(.*?)\r$", text, re.M | re.I).group(1)

    def listen(self):
        while True:
            data, peer = self.socket.recvfrom(65536)
            now, text = time.perf_counter(), data.decode()
            if text.startswith("SIP/2.0"):
                self.took[int(self.header(text, "CSeq").split()[0])] = now
                self.answered.set()
            else:
                self.serve(text, peer)

    def serve(self, text, peer):
        to = self.header(text, "To")
        to = to if ";tag=" in to else to + ";tag=probe"
        keep = "".join(f"{h}: {self.header(text, h)}\r\n" for h in ("Via", "From", "Call-ID", "CSeq"))
        self.socket.sendto(f"SIP/2.0 200 OK\r\n{keep}To: {to}\r\nContact: <sip:127.0.0.1:{self.port}>\r\nExpires: 3600\r\n"
                           "Content-Length: 0\r\n\r\n".encode(), peer)
        if text.startswith("SUBSCRIBE"):
            contact = re.search(r"<(.*?)>", self.header(text, "Contact")).group(1)
            self.dialog = (peer, contact, self.header(text, "From"), to, self.header(text, "Call-ID"))
            self.notify(False)

    def notify(self, talks):
        peer, contact, ours, theirs, call_id = self.dialog
        self.cseq += 1
        body = DOCUMENT.format(n=self.cseq, state="confirmed" if talks else "terminated")
        self.socket.sendto(f"""NOTIFY {contact} SIP/2.0\r
Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bKprobe{self.cseq}\r
From: {theirs}\r
To: {ours}\r
Call-ID: {call_id}\r
CSeq: {self.cseq} NOTIFY\r
Contact: <sip:127.0.0.1:{self.port}>\r
Event: dialog\r
Subscription-State: active;expires=3600\r
Content-Type: application/dialog-info+xml\r
Content-Length: {len(body)}\r
\r
{body}""".encode(), peer)
        return self.cseq

    def p99_ms(self):
        """Of SAMPLES changes, one after the other; one that gets no answer within a second counts as a second."""
        took = []
        for i in range(SAMPLES):
            self.answered.clear()
            begun = time.perf_counter()
            n = self.notify(i % 2 == 0)
            while n not in self.took and self.answered.wait(1):
                self.answered.clear()
            took.append(self.took.get(n, begun + 1) - begun)
            time.sleep(PAUSE_S)
        return sorted(took)[SAMPLES * 99 // 100] * 1000


def watch(port, pages, ready, over, seen):
    """A process: so many open pages, read as a browser reads them."""
    os.nice(10)  # browsers run on other machines
    which, all_bytes, opened = selectors.DefaultSelector(), 0, set()
    for _ in range(pages):
        s = socket.create_connection(("127.0.0.1", port))
        s.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port)
        which.register(s, selectors.EVENT_READ)
    while not over.is_set():
        for key, _ in which.select(0.2):
            data = key.fileobj.recv(1 << 18)
            if not data:
                raise SystemExit("a page's stream has ended")
            if key.fd not in opened and b"200 OK" not in data[:40]:
                raise SystemExit(f"no stream: {data[:200]!r}")
            opened.add(key.fd)
            all_bytes += len(data)
        if len(opened) == pages:
            ready.set()
    seen.value = all_bytes


class Pages:
    def __init__(self, port):
        self.ready, self.over, self.seen = multiprocessing.Event(), multiprocessing.Event(), multiprocessing.Value("q")
        self.process = multiprocessing.Process(target=watch, args=(port, PAGES, self.ready, self.over, self.seen))

    def __enter__(self):
        self.process.start()
        await_that("every page has its stream", self.ready.is_set)
        return self

    def __exit__(self, *_):
        self.over.set()
        self.process.join()
        if self.process.exitcode:
            raise AssertionError("the pages broke")


def up(stage, probe):
    people = {f"u{i}@acme.example": f"Name {i}" for i in range(PEOPLE)}
    stage.teams_up({**people, "probe@acme.example": "Probe"})
    stage.teams_control("POST", "/limiter", {"quota": 0})
    secret = stage.write("hq.secret", "bridge-secret\n")
    stage.start("pbxsim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--username", "bridge",
                "--password-file", secret, "--phones", PEOPLE, "--first", 100000, "--calls-per-hour", CALLS_PER_HOUR,
                "--talk-s", 20)
    pbx = stage.facts("pbxsim", "SIP", "READY")
    stage.write("users.csv", "email,name,lines,enabled\n" + "".join(
        f"{e},{n},hq/{100000 + i},yes\n" for i, (e, n) in enumerate(people.items())))
    stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml("      quota: 1000000/30s" + chr(10))}\
    connectors:
      - {{ name: hq, type: sip, server: "sip:{pbx['SIP']};transport=udp", username: bridge, password_file: hq.secret }}
      - {{ name: probe, type: sip, server: "sip:127.0.0.1:{probe.port};transport=udp", username: x, password_file: hq.secret }}
    users_file: users.csv
    users:
      - {{ email: probe@acme.example, lines: [probe/{LINE}] }}
""", capacity=PEOPLE + 10)


def live_lines(stage):
    found = re.findall(r'^offhook_connector_lines_live\{[^}]*connector="hq"[^}]*\} (\d+)', stage.metrics(), re.M)
    return int(found[0]) if found else 0


def figure(stage, name):
    return sum(int(float(l.split()[-1])) for l in stage.metrics().splitlines() if re.match(rf"offhook_{name}[{{ ]", l))


def main():
    probe = Probe()
    alone, watched = [], []
    with Stage("pages") as stage:
        up(stage, probe)
        await_that("the probe's line is subscribed", lambda: probe.dialog)
        await_that("people are found and lines are live", lambda: http(
            "GET", f"http://127.0.0.1:{stage.port}/healthz")[0] == 200 and live_lines(stage) == PEOPLE)
        probe.p99_ms()
        before, begun = figure(stage, "graph_accepted_total"), time.monotonic()
        for i in range(TURNS):
            alone.append(probe.p99_ms())
            with Pages(stage.port) as pages:
                watched.append(probe.p99_ms())
            note(f"turn {i + 1}: p99 {alone[-1]:.2f} ms without, {watched[-1]:.2f} ms with {PAGES} pages,"
                 f" to which {pages.seen.value >> 10} KiB went")
        rate = (figure(stage, "graph_accepted_total") - before) / (time.monotonic() - begun)
    minima, medians = min(watched) / min(alone), statistics.median(watched) / statistics.median(alone)
    spread = max(alone) / min(alone)
    verdict = "rejected" if spread > SPREAD else "met" if max(minima, medians) <= LIMIT else "MISSED"
    print(f"pages: p99 of {PEOPLE} people ({rate:.0f} requests a second) with {PAGES} pages | <= {LIMIT:.2f}x | "
          f"{minima:.2f}x of minima, {medians:.2f}x of medians ({min(watched):.2f} ms) | none open: "
          f"{min(alone):.2f} ms, spread {spread:.2f} | {verdict}")
    return verdict == "MISSED"


if __name__ == "__main__":
    sys.exit(main())
