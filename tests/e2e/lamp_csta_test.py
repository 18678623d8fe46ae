#!/usr/bin/env python3
"""Teams -> lamps of phones by CSTA, at mivo400sim: a Teams meeting lights them and goes out, refusals are told for each line,
after a lost link and a restart only what differs is written. How a real MiVoice Office 400 takes a lamp is not known."""
import re
import signal

from mivo import Mivo
from stage import Stage, Tap, await_that

ANA, BEN = "ana@acme.example", "ben@acme.example"
STANDARD = 'lamp_at: ["7", "201=210/1", "202=210/2"], lamp_states: [call=steady, meeting=wink, dnd=flutter]'
PRIVATE = ('lamp_at: ["201=210/1", "202=210/2"], lamp_set: Escape/extensions/privateData/private/KeyLamp/state, lamp_get: "", '
           'lamp_element: key, lamp_states: [dark=off, call=on, meeting=on, dnd=blink]')
LINKS = {"a lost link": lambda pbx: pbx.fault("drop-links"),
         "a restart of the switch": lambda pbx: pbx.post("/restart", down_ms=500)}


def accounts(stage, pbx, keys, ben="both", lamps="lamps: yes, "):
    return f"""\
  - name: acme
{stage.teams_yaml("      read_back: 1s" + chr(10))}\
    policy: {{ direction: both }}
    connectors:
      - {{ name: hq, type: csta, server: "{pbx.address}", username: offhook, password_file: hq.secret, {lamps}{keys} }}
    users:
      - {{ email: {ANA}, lines: [hq/201] }}
      - {{ email: {BEN}, lines: [hq/202], policy: {{ direction: {ben} }} }}
"""


class Lamps:
    def __init__(self, stage, tap, keys, *args):
        self.stage, self.tap, self.keys = stage, tap, keys
        stage.teams_up({ANA: "Ana Alder", BEN: "Ben Berg"})
        stage.write("hq.secret", "mivo-secret\n")
        for person in (ANA, BEN):
            stage.client(person, "active")
        self.pbx = Mivo(stage, "--username", "offhook", "--password-file", stage.folder / "hq.secret", *args)

    def up(self):
        self.stage.daemon_up(accounts(self.stage, self.pbx, self.keys), wait=False)
        self.read()

    def read(self):
        for person in (ANA, BEN):
            await_that(f"{person} is read", lambda: self.stage.explained(person)["lamp"] != "off")

    def show(self, *lit):
        """What is lit is this, and the switch has been told all there is to tell."""
        want = {tuple(re.split("[/ ]", l)) for l in lit}
        await_that(f"lit: {lit}", lambda: {(str(l["phone"]), str(l["lamp"]), l["mode"]) for l in self.pbx.get("/lamps")} == want)

    def line(self, person=ANA):
        return self.stage.explained(person)["lines"][0]

    def set_so_far(self):
        return self.pbx.counters()["lamps"]

    def again(self, act, *lit):
        """After the act the switch is logged in to anew, and what is said of each lamp is right; how many were set?"""
        before, logins = self.set_so_far(), self.pbx.counters()["logins"]
        act()
        await_that("logged in anew", lambda: self.pbx.counters()["logins"] > logins)
        for person in (ANA, BEN):
            await_that("its lamps are known", lambda: self.line(person)["lamp"] and "not known" not in self.line(person)["lamp"]
                       and self.line(person)["sync"] == "synced" and not self.line(person)["lamp_refusal"])
        self.show(*lit)
        return self.set_so_far() - before

    # ---- parts ----

    def lights(self):
        stage = self.stage
        with self.tap.case("a Teams meeting lights the lamp at another phone and the one at the own, and goes out"):
            self.show()
            stage.client(ANA, "meeting")
            self.show("201/7 wink", "210/1 wink")
            stage.client(BEN, "busy")
            self.show("201/7 wink", "210/1 wink", "202/7 steady", "210/2 steady")
            stage.client(ANA, "presenting")
            self.show("201/7 flutter", "210/1 flutter", "202/7 steady", "210/2 steady")
            stage.client(BEN, "active")
            self.show("201/7 flutter", "210/1 flutter")
        with self.tap.case("explain and the API say what is lit"):
            await_that("told", lambda: self.line()["lamp"] == "7 of 201: flutter, 1 of 210: flutter")
            await_that("of the other too", lambda: self.line(BEN)["lamp"] == "7 of 202: off, 2 of 210: off")
            assert self.line()["lamp_refusal"] is None and self.line(BEN)["lamp_refusal"] is None
            said = stage.offhook("explain", ANA).stdout
            assert "line hq/201: lamp at the pbx: 7 of 201: flutter, 1 of 210: flutter" in said, said
            stage.client(ANA, "active")
            self.show()
        with self.tap.case("a call on the desk phone is no Teams call: nothing lights"):
            set_before = self.set_so_far()
            self.pbx.post("/call", **{"from": 201, "to": 203, "dial_ms": 0, "ring_ms": 0})
            await_that("read back", lambda: stage.explained(ANA)["seen_pair"] == "Busy/InACall")
            self.pbx.post("/hangup", phone=201)
            await_that("over", lambda: stage.explained(ANA)["seen_pair"] not in ("Busy/InACall", None))
            assert self.set_so_far() == set_before and self.pbx.get("/lamps") == []

    def links(self):
        for name, act in LINKS.items():
            with self.tap.case(f"after {name} only real differences are written"):
                self.stage.client(ANA, "meeting")
                self.show("201/7 wink", "210/1 wink")
                assert self.again(lambda: act(self.pbx), "201/7 wink", "210/1 wink") == 0

                def meanwhile():
                    self.pbx.post("/lamp", phone=210, lamp=1, mode="off")
                    self.pbx.post("/lamp", phone=202, lamp=7, mode="steady")
                    act(self.pbx)
                assert self.again(meanwhile, "201/7 wink", "210/1 wink") == 2
                self.stage.client(ANA, "active")
                self.show()
        with self.tap.case("a switch that has forgotten all its lamps gets the lit ones"):
            self.stage.client(ANA, "meeting")
            self.show("201/7 wink", "210/1 wink")
            assert self.again(lambda: self.pbx.post("/restart", down_ms=500, forget=True), "201/7 wink", "210/1 wink") == 2
            self.stage.client(ANA, "active")
            self.show()

    def restarts(self):
        stage = self.stage
        for name, sig in (("an orderly end", signal.SIGTERM), ("kill -9", signal.SIGKILL)):
            with self.tap.case(f"{name} in a meeting that goes on: the lamps stay, nothing is written"):
                stage.client(ANA, "meeting")
                self.show("201/7 wink", "210/1 wink")

                def anew():
                    stage.kill("offhookd", sig)
                    stage.daemon_start(wait=False)
                    self.read()
                assert self.again(anew, "201/7 wink", "210/1 wink") == 0
            with self.tap.case(f"{name} in a meeting that ends, another's begins meanwhile: what differs is written"):
                def changed():
                    stage.kill("offhookd", sig)
                    stage.client(ANA, "active")
                    stage.client(BEN, "meeting")
                    stage.daemon_start(wait=False)
                    self.read()
                assert self.again(changed, "202/7 wink", "210/2 wink") == 4
                stage.client(BEN, "active")
                self.show()

    def refused(self):
        stage, pbx = self.stage, self.pbx
        with self.tap.case("a refused service is told for each line, with the reason, and heals"):
            pbx.post("/switch", lamp_form="refused")
            stage.client(ANA, "meeting")
            stage.client(BEN, "meeting")
            for person, own in ((ANA, "201"), (BEN, "202")):
                await_that("told", lambda: self.line(person)["lamp_refusal"])
                assert re.fullmatch(rf"lamp (7 of {own}|\d of 210): operation: invalidFeature", self.line(person)["lamp_refusal"])
            said = stage.offhook("explain", BEN).stdout
            assert re.search("line hq/202: .*not as it shall be: lamp .*operation: invalidFeature", said), said
            assert "the pbx has no SetLampMode" in stage.offhook("check", check=False).stdout
            assert pbx.get("/lamps") == []
            pbx.post("/switch", lamp_form="standard")
            self.again(lambda: pbx.fault("drop-links"), "201/7 wink", "210/1 wink", "202/7 wink", "210/2 wink")
        with self.tap.case("one refused in passing is told, and right at the next change"):
            pbx.fault("refuse-writes", count=1)
            stage.client(BEN, "active")
            await_that("told", lambda: "stateIncompatibility" in (self.line(BEN)["lamp_refusal"] or ""))
            self.show("201/7 wink", "210/1 wink", "202/7 wink")
            stage.client(BEN, "meeting")
            self.show("201/7 wink", "210/1 wink", "202/7 wink", "210/2 wink")
            await_that("all is well", lambda: not self.line(BEN)["lamp_refusal"])
            stage.client(BEN, "active")
            self.show("201/7 wink", "210/1 wink")

    def taken_away(self):
        with self.tap.case("whose direction becomes to-teams has no lamp any more: it goes out"):
            self.stage.daemon_yaml(accounts(self.stage, self.pbx, self.keys))
            self.stage.offhook("reload")
            self.show("201/7 wink", "210/1 wink", "202/7 wink", "210/2 wink")
            self.stage.daemon_yaml(accounts(self.stage, self.pbx, self.keys, ben="to-teams"))
            self.stage.offhook("reload")
            self.show("201/7 wink", "210/1 wink")
        with self.tap.case("so does that of a person who is taken out of the configuration"):
            text = accounts(self.stage, self.pbx, self.keys, ben="to-teams")
            self.stage.daemon_yaml("\n".join(l for l in text.split("\n") if ANA not in l))
            self.stage.offhook("reload")
            self.show()

    def rows(self):
        """After each of these no row names the lamp any more: it is put out by what the store knows."""
        stage = self.stage

        def without_row():
            stage.daemon_yaml(accounts(stage, self.pbx, self.keys.replace('"201=210/1", ', "")))

        def without_lamps():
            stage.daemon_yaml(accounts(stage, self.pbx, "", lamps=""))

        def without_connector():
            text = accounts(stage, self.pbx, self.keys)
            stage.daemon_yaml("\n".join(l.replace("lines: [hq/201]", "lines: []").replace("lines: [hq/202]", "lines: []")
                                        for l in text.split("\n") if "name: hq" not in l).replace("connectors:", "connectors: []"))

        def moved():
            stage.daemon_yaml(accounts(stage, self.pbx, self.keys.replace("201=210/1", "202=210/1").replace("202=210/2", "201=210/2")))

        def lit():
            stage.daemon_yaml(accounts(stage, self.pbx, self.keys))
            stage.offhook("reload")
            stage.client(ANA, "meeting")
            self.show("201/7 wink", "210/1 wink")

        for name, change, left in (("a row is taken out of lamp_at", without_row, ["201/7 wink"]),
                                   ("lamps are switched off", without_lamps, []),
                                   ("a row becomes another person's", moved, ["201/7 wink", "210/2 wink"]),
                                   ("the connector is removed", without_connector, [])):
            with self.tap.case(f"{name} at a reload: what is lit by it goes out"):
                lit()
                change()
                stage.offhook("reload")
                self.show(*left)
        with self.tap.case("a row is taken out while the daemon is down: its lamp goes out at the next start"):
            lit()
            stage.kill("offhookd", signal.SIGTERM)
            without_row()
            stage.daemon_start(wait=False)
            self.show("201/7 wink")
        with self.tap.case("lamps are switched off while the daemon is down, too"):
            lit()
            stage.kill("offhookd", signal.SIGTERM)
            without_lamps()
            stage.daemon_start(wait=False)
            self.show()
        with self.tap.case("a person's direction changes while the daemon is down: the lamps go out without a read"):
            stage.client(BEN, "meeting")
            stage.daemon_yaml(accounts(stage, self.pbx, self.keys))
            stage.offhook("reload")
            self.show("201/7 wink", "210/1 wink", "202/7 wink", "210/2 wink")
            stage.kill("offhookd", signal.SIGTERM)
            stage.daemon_yaml(accounts(stage, self.pbx, self.keys, ben="to-teams"))
            stage.daemon_start(wait=False)
            self.show("201/7 wink", "210/1 wink")
        with self.tap.case("a person goes while the switch is out of reach: put out when it is back"):
            self.pbx.post("/restart", down_ms=3000)
            text = accounts(stage, self.pbx, self.keys, ben="to-teams")
            stage.daemon_yaml("\n".join(l for l in text.split("\n") if ANA not in l))
            stage.offhook("reload")
            self.show()

    def private(self):
        stage = self.stage
        with self.tap.case("a vendor's own service by configuration: lit, blinking, and out"):
            self.show()
            stage.client(ANA, "meeting")
            self.show("210/1 steady")
            stage.client(ANA, "presenting")
            self.show("210/1 wink")
        with self.tap.case("nobody can be asked: after a lost link each lamp is told once"):
            assert self.again(lambda: self.pbx.fault("drop-links"), "210/1 wink") == 2
        with self.tap.case("killed in a meeting that ends: dark afterwards"):
            def changed():
                stage.kill("offhookd")
                stage.client(ANA, "active")
                stage.daemon_start(wait=False)
                self.read()
            self.again(changed)


def main():
    tap = Tap()
    with Stage("lampcsta") as stage:
        lamps = Lamps(stage, tap, STANDARD)
        lamps.up()
        for part in (lamps.lights, lamps.links, lamps.restarts, lamps.refused, lamps.rows, lamps.taken_away):
            part()
    with Stage("lampcsta") as stage:
        lamps = Lamps(stage, tap, PRIVATE)
        lamps.pbx.post("/switch", lamp_form="private")
        lamps.up()
        lamps.private()
    tap.done()


if __name__ == "__main__":
    main()
