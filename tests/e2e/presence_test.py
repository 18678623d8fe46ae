#!/usr/bin/env python3
"""`package: presence`: PIDF as a real Kamailio passes it on (RPID published by a phone), and as a real Asterisk 22
writes it, singly and in its list. Asterisk only where the peers lie beside the project (../shared/peers)."""
import re

from cases_asterisk_test import Asterisk
from kamailio import Kamailio
from phones import Phones, publish_over
from stage import SHARED, Stage, Tap, await_that

ANA, BEN = "ana@acme.example", "ben@acme.example"
PIDF = """<?xml version="1.0"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
 xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:1001@127.0.0.1"><tuple id="t{n}"><status><basic>{basic}</basic>
</status></tuple><dm:person id="p{n}"><rpid:activities>{activity}</rpid:activities></dm:person></presence>"""
# what the phone publishes -> call, line, in Teams (the client is signed out)
PUBLISHED = [
    ("open", "<rpid:on-the-phone/>", "talking", "busy", "Busy"),
    ("open", "", "none", "available", "Offline"),
    ("open", "<rpid:on-the-phone/><rpid:meal/>", "talking", "busy", "Busy"),
    ("closed", "", "none", "offline", "Offline"),
    ("open", "<rpid:on-the-phone/>", "talking", "busy", "Busy"),
    ("open", "<rpid:away/>", "none", "available", "Offline"),
]
# Asterisk's device states -> the same
DEVICE = [
    ("RINGING", "ringing", "available", "Offline"),
    ("INUSE", "talking", "busy", "Busy"),
    ("ONHOLD", "held", "busy", "Busy"),
    ("NOT_INUSE", "none", "available", "Offline"),
    ("BUSY", "talking", "busy", "Busy"),
    ("UNAVAILABLE", "none", "offline", "Offline"),
    ("NOT_INUSE", "none", "available", "Offline"),
]


def await_line(stage, email, call, presence, seen):
    def now():
        line = stage.explained(email)["lines"][0]
        return line["call"], line["presence"], line["sync"], stage.teams_user(email)["availability"]
    wanted = (call, presence, "synced", seen)
    try:
        await_that(f"{email}: {wanted}", lambda: now() == wanted)
    except AssertionError as e:
        raise AssertionError(f"{e}; is {now()}") from e


def daemon(stage, connectors, users):
    stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml()}\
    connectors:
{connectors}    users:
""" + "".join(f"      - {{ email: {e}, lines: [{l}] }}\n" for e, l in users))


def kamailio(tap):
    with Stage("presence-kamailio") as stage:
        pbx = Kamailio(stage)
        stage.teams_up({ANA: "Ana Alder"})
        stage.write("hq.secret", "phone-watch\n")
        daemon(stage, f"""\
      - {{ name: hq, type: sip, server: "sip:{pbx.sip};transport=tcp", username: watch, password_file: hq.secret, package: presence }}
""", [(ANA, "hq/1001")])
        await_line(stage, ANA, "none", "available", "Offline")

        def tell(basic, activity, tag="", n=1):
            status, tag = publish_over(pbx.sip, "1001", Kamailio.password("1001"), "presence", "application/pidf+xml",
                                       PIDF.format(n=n, basic=basic, activity=activity), 600, tag)
            assert status == 200, status
            return tag

        tag = ""
        for basic, activity, call, presence, seen in PUBLISHED:
            with tap.case(f"kamailio: {basic} {activity or 'no activity'} -> {call}, {seen}"):
                tag = tell(basic, activity, tag)
                await_line(stage, ANA, call, presence, seen)
        with tap.case("kamailio: of two devices that publish the one on the phone decides"):
            other = tell("open", "<rpid:on-the-phone/>", n=2)
            await_line(stage, ANA, "talking", "busy", "Busy")
            tell("open", "", other, 2)
            await_line(stage, ANA, "none", "available", "Offline")


def two_packages(tap):
    """One connector, one connection: Ana's line by dialog (a real call through Kamailio), Ben's by presence."""
    with Stage("presence-packages") as stage:
        pbx = Kamailio(stage)
        phones = Phones(stage, pbx.sip, Kamailio.password)
        stage.undo.append(phones.down)
        stage.teams_up({ANA: "Ana Alder", BEN: "Ben Berg"})
        stage.write("hq.secret", "phone-watch\n")
        daemon(stage, f"""\
      - {{ name: hq, type: sip, server: "sip:{pbx.sip};transport=tcp", username: watch, password_file: hq.secret,
          packages: [100*=dialog, 1*=presence] }}
""", [(ANA, "hq/1001"), (BEN, "hq/1102")])

        def lines():
            return [(stage.explained(e)["lines"][0]["call"], stage.teams_user(e)["availability"]) for e in (ANA, BEN)]

        def await_lines(ana, ben):
            await_that(f"lines: {ana}, {ben}", lambda: lines() == [ana, ben])

        def tell(activity, tag=""):
            status, tag = publish_over(pbx.sip, "1102", Kamailio.password("1102"), "presence", "application/pidf+xml",
                                       PIDF.format(n=1, basic="open", activity=activity), 600, tag)
            assert status == 200, status
            return tag

        free, talks = ("none", "Offline"), ("talking", "Busy")
        with tap.case("kamailio: one connector, a line by dialog and one by presence"):
            await_lines(free, free)
            phones.call("1001", "1003")
            await_lines(talks, free)
            tag = tell("<rpid:on-the-phone/>")
            await_lines(talks, talks)
            phones.hang_up("1001")
            await_lines(free, talks)
            tell("", tag)
            await_lines(free, free)
        with tap.case("offhook export and the API show the rows, and offhook check is content"):
            text = stage.offhook("export").stdout
            assert re.search(r'packages:\s.*"?100\*=dialog"?,? .*"?1\*=presence', text, re.S), text
            settings = stage.api("/accounts/acme/connectors/hq/config")["settings"]
            assert settings["packages"] == ["100*=dialog", "1*=presence"], settings
            stage.offhook("check")


def asterisk(tap):
    with Stage("presence-asterisk") as stage:
        pbx = Asterisk(stage)
        stage.teams_up({ANA: "Ana Alder", BEN: "Ben Berg"})
        stage.write("hq.secret", "bridge-secret\n")
        daemon(stage, f"""\
      - {{ name: one, type: sip, server: "sip:{pbx.sip};transport=tcp", username: bridge, password_file: hq.secret, package: presence }}
      - name: list
        type: sip
        server: "sip:{pbx.sips};transport=tls"
        ca_file: {pbx.ca}
        username: bridge256
        password_file: hq.secret
        package: presence
        lists: ["sip:users@{pbx.sips}"]
""", [(ANA, "one/2001"), (BEN, "list/1001")])
        for state, call, presence, seen in DEVICE:
            with tap.case(f"asterisk: {state} -> {call}, {seen}"):
                pbx.manager.action(Action="Setvar", Variable="DEVICE_STATE(Custom:line2001)", Value=state)
                await_line(stage, ANA, call, presence, seen)
        with tap.case("asterisk: the list of presence documents over TLS, SHA-256 log-in: a call and its end"):
            await_line(stage, BEN, "none", "available", "Offline")
            pbx.call()
            await_line(stage, BEN, "talking", "busy", "Busy")
            pbx.hang_up()
            await_line(stage, BEN, "none", "available", "Offline")


def main():
    tap = Tap()
    kamailio(tap)
    two_packages(tap)
    if (SHARED / "asterisk" / "start.sh").exists():
        asterisk(tap)
    else:
        tap.skip("PIDF of Asterisk 22", "../shared/peers is absent")
    tap.done()


if __name__ == "__main__":
    main()
