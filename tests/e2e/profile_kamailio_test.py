#!/usr/bin/env python3
"""The profile both ways through a real Kamailio: published by Offhook and seen by another watcher, published by
somebody else and taken over, kept through a restart on either side, taken back with the line, refused in words."""
import signal

from kamailio import Kamailio
from phones import Phones, publish_over
from stage import Stage, Tap, await_that
from watcher import Watcher

ANA, BEN, CYD = "ana@acme.example", "ben@acme.example", "cyd@acme.example"
PIDF = """<?xml version="1.0"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
 xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:{number}@127.0.0.1"><tuple id="soft"><status><basic>open</basic>
</status></tuple><dm:person id="softp"><rpid:activities>{activity}</rpid:activities></dm:person></presence>"""
# what we publish, and what Kamailio leaves of a publication that has ended, for one document
OURS = r'<tuple[^>]* id="offhook-[^>]*>\s*<status[^>]*>\s*<basic>open'


class World:
    def __init__(self, stage):
        self.stage = stage
        self.pbx = Kamailio(stage)
        self.phones = Phones(stage, self.pbx.sip, Kamailio.password)
        stage.undo.append(self.phones.down)
        self.tags, self.watchers = {}, []
        stage.undo.append(lambda: [w.close() for w in self.watchers])

    def watch(self, number):
        self.watchers.append(Watcher(self.pbx.sip, number, "else", Kamailio.password("else")))
        return self.watchers[-1]

    def soft(self, number, activity, expires=600):
        """The user's own program publishes; the one tag of the number is kept."""
        status, self.tags[number] = publish_over(
            self.pbx.sip, number, Kamailio.password(number), "presence", "application/pidf+xml",
            PIDF.format(number=number, activity=activity), expires, self.tags.get(number, ""))
        assert status == 200, status

    def profile(self, email):
        return self.stage.explained(email)["profile"]

    def line(self, email):
        return self.stage.explained(email)["lines"][0]

    def held(self, email):
        return self.line(email)["profile"]["held"]

    def yaml(self, users):
        connector = (f'type: sip, server: "sip:{self.pbx.sip};transport=tcp", username: watch, '
                     "password_file: hq.secret, profile: both")
        return f"""\
  - name: acme
{self.stage.teams_yaml()}\
    connectors:
      - {{ name: hq, {connector} }}
      - {{ name: pidf, {connector}, package: presence }}
    users:
""" + "".join(f"      - {{ email: {e}, lines: [{l}] }}\n" for e, l in users)


def both_ways(w, tap, email, number, package):
    """The same for calls by dialog and by presence."""
    seen = w.watch(number)
    with tap.case(f"{package}: set in the app, seen by another watcher"):
        w.stage.offhook("set", email, "away")
        await_that("published", lambda: seen.sees(OURS + ".*rpid:away"))
        await_that("held", lambda: w.held(email) == "away")
    with tap.case(f"{package}: modified, not published twice"):
        w.stage.offhook("set", email, "meeting")
        await_that("published", lambda: seen.sees(OURS + ".*rpid:meeting"))
        assert not seen.sees("rpid:away") and seen.body.count("<tuple") == 1, seen.body
    with tap.case(f"{package}: somebody else publishes away: the user is away, in Teams as well, ours is taken back"):
        w.soft(number, "<rpid:away/>")
        await_that("away", lambda: w.profile(email) == "away")
        await_that("Away in Teams", lambda: w.stage.teams_user(email)["availability"] == "Away")
        await_that("taken back", lambda: seen.sees("rpid:away") and not seen.sees(OURS))
    with tap.case(f"{package}: away no more, there"):
        w.soft(number, "")
        await_that("available", lambda: w.profile(email) == "available")
    with tap.case(f"{package}: what is published for a call is no profile"):
        w.stage.offhook("set", email, "busy")
        await_that("published", lambda: seen.sees("rpid:busy"))
        w.soft(number, "<rpid:on-the-phone/>")
        await_that("seen", lambda: seen.sees("rpid:on-the-phone"))
        w.soft(number, "")
        await_that("seen", lambda: not seen.sees("rpid:on-the-phone"))
        # a later change of the same line has arrived: what came before was looked at
        w.soft(number, "<rpid:meal/>")
        await_that("away", lambda: w.profile(email) == "away")
        history = w.stage.offhook("explain", email).stdout
        assert "profile is available" not in history, history
    with tap.case(f"{package}: back to busy, with the other's statement still there"):
        w.stage.offhook("set", email, "busy")
        await_that("published", lambda: seen.sees(OURS + ".*rpid:busy"))
        await_that("held", lambda: w.held(email) == "busy" and w.profile(email) == "busy")
        w.soft(number, "", expires=0)
        await_that("gone", lambda: seen.sees('id="soft".*closed|^((?!soft).)*$'))
        w.stage.offhook("set", email, "away")  # a later change: the earlier one was looked at
        await_that("published", lambda: seen.sees(OURS + ".*rpid:away"))
        assert w.profile(email) == "away"


def restarts(w, tap):
    with tap.case("Kamailio starts anew and knows no entity tag: published afresh"):
        w.pbx.stop()
        w.pbx.start()
        w.tags.clear()
        seen = w.watch("1001")
        await_that("published afresh", lambda: seen.sees(OURS + ".*rpid:away"))
        assert seen.body.count("<tuple") == 1 and w.profile(ANA) == "away"
    with tap.case("the daemon is killed and starts again: published anew, nothing else changes"):
        w.stage.kill("offhookd")
        w.stage.daemon_start()
        await_that("held", lambda: w.held(ANA) == "away")
        seen = w.watch("1001")
        await_that("published", lambda: seen.sees(OURS + ".*rpid:away"))
        assert w.profile(ANA) == "away"
        w.stage.offhook("set", ANA, "busy")
        await_that("modified", lambda: seen.sees(OURS + ".*rpid:busy"))
    with tap.case("a call beside the profile: both are known"):
        w.phones.call("1001", "1002")
        await_that("they talk", lambda: w.line(ANA)["call"] == "talking")
        assert w.profile(ANA) == "busy"
        w.phones.hang_up("1001")
        await_that("over", lambda: w.line(ANA)["call"] == "none")


def main():
    tap = Tap()
    with Stage("profile-kamailio") as stage:
        w = World(stage)
        stage.teams_up({ANA: "Ana Alder", BEN: "Ben Berg", CYD: "Cyd Cole"})
        stage.write("hq.secret", "phone-watch\n")
        users = [(ANA, "hq/1001"), (BEN, "pidf/1003"), (CYD, "hq/1405")]
        stage.daemon_up(w.yaml(users))
        for email, _ in users[:2]:
            await_that(f"{email} is synchronised", lambda: w.line(email)["sync"] == "synced")
        both_ways(w, tap, ANA, "1001", "dialog")
        both_ways(w, tap, BEN, "1003", "presence")
        with tap.case("a PBX that takes no PUBLISH for a line: the refusal is shown, the profile holds elsewhere"):
            stage.offhook("set", CYD, "away")
            await_that("refused", lambda: w.line(CYD)["profile"]["write"] == "refused")
            assert "takes no published presence (405" in w.line(CYD)["profile"]["refusal"], w.line(CYD)
            await_that("Away in Teams", lambda: stage.teams_user(CYD)["availability"] == "Away")
        with tap.case("a line taken away takes its publication back"):
            seen = w.watch("1003")
            stage.offhook("set", BEN, "away")
            await_that("published", lambda: seen.sees(OURS))
            good = (stage.folder / "offhook.yaml").read_text()
            stage.write("offhook.yaml", good.replace("lines: [pidf/1003]", "lines: [pidf/1004]"))
            stage.programs["offhookd"].send_signal(signal.SIGHUP)
            await_that("taken back", lambda: not seen.sees(OURS))
        restarts(w, tap)
    tap.done()


if __name__ == "__main__":
    main()
