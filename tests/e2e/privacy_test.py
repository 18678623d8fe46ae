#!/usr/bin/env python3
"""With default settings no phone number of another party, no caller and no reason of an absence is stored or logged: a
day of simulated calls over four kinds of PBX (five where ../shared/peers has an Asterisk), then every byte of the
store, of its backup, of the log and of the metrics is searched, and what the API tells of people."""
import json
import re
import sys

from ami_test import AsteriskAmi
from mivo import Mivo
from stage import PEERS, SHARED, Stage, Tap, await_that, free_ports, http
from webhook_test import SECRET, TOKEN, Sender

sys.path.insert(0, str(PEERS))
from freeswitch import FreeSwitch  # noqa: E402

PEOPLE = 20
DAY = PEOPLE * 4 * 8  # calls: four an hour, eight hours
FIRST = 201
HOOK_CALLERS = ["+41791112233", "0041313334455"]
NAMES = ["Dr. Sawbones", "Sawbones"]
REASONS = ["dentist", "lunch", "funeral"]
# pbxsim's and mivo400sim's outside parties, and those below; one digit more or less is another number
FORBIDDEN = [r"(?<!\d)5551234(?!\d)", r"(?<!\d)79\d{7}(?!\d)", r"791112233", r"313334455", r"(?<!\d)0?795556677(?!\d)",
             *NAMES, *REASONS]


def email(i):
    return f"user{i}@acme.example"


def accounts(stage, w):
    people = "".join(f"      - {{ email: {email(i)}, lines: [hq/{FIRST + i}, mivo/{FIRST + i}, crm/{FIRST + i}, fs/{FIRST + i}"
                     + (f", ast/{1001 + i}" if w.asterisk and i < 2 else "") + "] }\n" for i in range(PEOPLE))
    ast = ("      - { name: ast, type: ami, server: \"%s\", username: bridge, password_file: hq.secret }\n" % w.asterisk.ami
           if w.asterisk else "")
    return f"""\
  - name: acme
{stage.teams_yaml()}\
    connectors:
      - {{ name: hq, type: sip, server: "sip:{w.sip};transport=tcp", username: bridge, password_file: hq.secret }}
      - {{ name: mivo, type: csta, server: "{w.mivo.address}", username: offhook, password_file: mivo.secret }}
      - {{ name: crm, type: webhook, token_file: crm.token }}
      - {{ name: yeastar, type: webhook, format: yeastar, token_file: yeastar.token }}
      - {{ name: fs, type: freeswitch, server: "127.0.0.1:{w.fs.port}", password_file: fs.secret }}
{ast}    users:
{people}"""


class World:
    def __init__(self, stage):
        self.stage = stage
        self.asterisk = AsteriskAmi(stage, None) if (SHARED / "asterisk" / "start.sh").exists() else None
        stage.write("hq.secret", "bridge-secret\n")
        stage.write("mivo.secret", "mivo-secret\n")
        stage.write("fs.secret", "ClueCon\n")
        stage.write("crm.token", TOKEN + "\n")
        stage.write("yeastar.token", SECRET + "\n")
        stage.teams_up({email(i): f"User {i}" for i in range(PEOPLE)})
        stage.start("pbxsim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--phones", PEOPLE, "--first", FIRST,
                    "--username", "bridge", "--password-file", stage.folder / "hq.secret", "--seed", 7,
                    "--calls-per-hour", 36000, "--talk-s", 1)
        facts = stage.facts("pbxsim", "SIP", "CONTROL")
        self.sip, self.sip_control = facts["SIP"], facts["CONTROL"]
        self.mivo = Mivo(stage, "--phones", PEOPLE, "--first", FIRST, "--username", "offhook", "--password-file",
                         stage.folder / "mivo.secret", "--seed", 7, "--calls-per-hour", 36000, "--talk-s", 1)
        self.fs = FreeSwitch()
        stage.undo.append(self.fs.down)
        self.hooks, = free_ports(1)
        self.sender = Sender(self.hooks)
        stage.daemon_up(accounts(stage, self), server=f"  webhooks: 127.0.0.1:{self.hooks}\n", wait=False)
        await_that("the API answers", lambda: stage.explained(email(0)))

    def calls(self):
        status, pbx = http("GET", f"http://{self.sip_control}/counters")
        assert status == 200, pbx
        return pbx["calls"] + self.mivo.counters()["calls"]


def day(w, share):
    """Until so much of a day's calls was made: those of the PBXs' own accord, and between them brief ones with somebody
    outside, in and out, of whoever is free. Both PBXs refuse what is not possible just then."""
    n = 0

    def made():
        nonlocal n
        for _ in range(PEOPLE):
            who = {("from", "to")[n // PEOPLE % 2]: FIRST + n % PEOPLE, "dial_ms": 20, "ring_ms": 30, "talk_ms": 100}
            http("POST", f"http://{(w.sip_control, w.mivo.api)[n // PEOPLE // 2 % 2]}/call", who)
            n += 1
        return w.calls() >= DAY * share
    await_that(f"{share:.0%} of a day", made)


def hooks(w):
    """Callers and reasons in what a program posts; the last four are refused."""
    caller = {"caller": HOOK_CALLERS[0], "callerName": NAMES[0]}
    for i in range(PEOPLE):
        number = str(FIRST + i)
        assert w.sender.line(number, {"state": "busy"})[0] == 200
        assert w.sender.line(number, {"state": "idle"})[0] == 200
        assert w.sender.yeastar(30008, extension=number, status="Busy", caller=HOOK_CALLERS[1])[0] == 200
        assert w.sender.yeastar(30009, extension=number, status=["lunch", "available"][i % 2], information=REASONS[0])[0] == 200
        w.sender.yeastar(30011, call_id="1.2", members=[{"inbound": {"from": HOOK_CALLERS[0], "to": number}}])
    w.sender.line(str(FIRST), {"state": "busy", **caller})
    w.sender.line(HOOK_CALLERS[0], {"state": "busy"})
    w.sender.line("201", {"state": f"talks to {NAMES[0]} about a {REASONS[2]}"})
    w.sender.ask(f"/api/v1/accounts/acme/connectors/crm/lines/201/state?caller={HOOK_CALLERS[1]}", b'{"caller": "' + HOOK_CALLERS[0].encode())


def freeswitch(w):
    for i in range(PEOPLE):
        who = f"{FIRST + i}@pbx.example"
        w.fs.channel(f"u{i}", who, "inbound", "RINGING")
        w.fs.channel(f"u{i}", who, "inbound", "ACTIVE")
        w.fs.event("CHANNEL_CALLSTATE", **{"Unique-ID": f"v{i}", "Channel-Name": "sofia/external/0795556677", "Call-Direction": "outbound",
                                           "Channel-Presence-ID": "0795556677@pbx.example", "Channel-Call-State": "ACTIVE",
                                           "Caller-Caller-ID-Name": NAMES[0], "Caller-Caller-ID-Number": "0795556677"})
        w.fs.presence(who, "away", f"at the {REASONS[0]}")
        w.fs.channel(f"u{i}", who, "inbound", "HANGUP")


def asterisk(w):
    w.asterisk.manager.action(Action="Originate", Channel="PJSIP/1001", Context="from-internal", Exten="1002", Priority="1",
                              CallerID=f"{NAMES[0]} <0795556677>", Async="true")
    await_that("ring", lambda: any(l["call"] != "none" for l in w.stage.explained(email(0))["lines"] if l["connector"] == "ast"))
    w.asterisk.manager.action(Action="Hangup", Channel="/^PJSIP/1001-.*$/")
    w.asterisk.setvar("PRESENCE_STATE(CustomPresence:1001)", f"away,{REASONS[1]},{REASONS[0]} until two")
    await_that("away", lambda: w.stage.explained(email(0))["profile"] == "away")
    w.asterisk.setvar("PRESENCE_STATE(CustomPresence:1001)", "available")
    await_that("available", lambda: w.stage.explained(email(0))["profile"] == "available")


def faults(w):
    """What cannot be read is where a program is tempted to show it."""
    for kind in ("garbage", "drop-links"):
        w.mivo.fault(kind)
    w.fs.garbage(b"Content-Length: 400\nContent-Type: text/event-plain\n\nCaller-Caller-ID-Number: 0795556677\n: " + NAMES[0].encode()
                 + b"\n" * 500)
    for kind in ("skipped", "stale", "again"):
        http("POST", f"http://{w.sip_control}/fault", {"kind": kind, "count": 3})


def found(name, data):
    text = data.decode(errors="replace") if isinstance(data, bytes) else data
    return [f"{name}: ...{text[max(0, m.start() - 120):m.end() + 60]!r}" for p in FORBIDDEN for m in re.finditer(p, text, re.I)]


def searched(stage):
    """Everything that stays behind or is looked at: file names and bytes of the data folder, log, metrics, API."""
    hits = []
    for path in sorted((stage.folder / "data").rglob("*")):
        hits += found("a file's name", path.name)
        if path.is_file():
            hits += found(path.name, path.read_bytes())
    hits += found("log", (stage.folder / "offhookd.log").read_bytes())
    hits += found("metrics", stage.metrics())
    for path in ("/accounts/acme/users?limit=1000", "/audit?limit=500", "/connectors", "/alarms", "/history",
                 *(f"/accounts/acme/users/{email(i)}" for i in range(PEOPLE))):
        hits += found(path, json.dumps(stage.api(path)))
    return hits


def main():
    tap = Tap()
    with Stage("privacy") as stage:
        w = World(stage)
        if not w.asterisk:
            tap.skip("callers and reasons of a real Asterisk", "../shared/peers is absent")
        with tap.case("the search finds what it looks for"):
            for text in ("from 5551234,", "790000017", "+41791112233", "0041313334455", "<0795556677>", *NAMES, *REASONS):
                assert found("sample", text), text
        with tap.case("a day of calls, with callers and reasons in what every kind of PBX says"):
            hooks(w)
            freeswitch(w)
            if w.asterisk:
                asterisk(w)
            day(w, 0.5)
            faults(w)
            day(w, 1)
            await_that("some are known", lambda: re.search(r'offhook_graph_accepted_total{account="acme"} [1-9]\d\d', stage.metrics()))
        with tap.case("nothing of it is in the store, the log, the metrics or the API, while it runs"):
            await_that("stored", lambda: stage.stored("audit") > PEOPLE)
            hits = searched(stage)
            assert not hits, "\n".join(hits[:20])
        with tap.case("nor in the store after the end, and it is the store of these people"):
            hits = []
            stage.kill("offhookd", 15)
            files = [p for p in sorted((stage.folder / "data").rglob("*")) if p.is_file()]
            for path in files:
                hits += found(path.name, path.read_bytes())
            hits += found("log", (stage.folder / "offhookd.log").read_bytes())
            assert not hits, "\n".join(hits[:20])
            assert any(email(0).encode() in p.read_bytes() for p in files), files
    tap.done()


if __name__ == "__main__":
    main()
