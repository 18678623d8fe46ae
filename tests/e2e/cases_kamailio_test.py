#!/usr/bin/env python3
"""The cases of doc/presence-rules.md with a real Kamailio, real calls by sipp, and the stand-in for Teams."""
import cases
from kamailio import Kamailio
from phones import Phones, publish
from stage import Stage, Tap

PIDF_AWAY = """<?xml version="1.0"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
 xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:1001@127.0.0.1"><tuple id="t1"><status><basic>open</basic>
</status></tuple><dm:person id="p1"><rpid:activities><rpid:away/></rpid:activities></dm:person></presence>"""


class Pbx:
    line, other_line = "1001", "1003"

    def __init__(self, stage):
        self.kamailio = Kamailio(stage)
        self.phones = Phones(stage, self.kamailio.sip, Kamailio.password)
        stage.undo.append(self.phones.down)

    def call(self):
        self.phones.call("1001", "1002")

    def hang_up(self):
        self.phones.hang_up("1001")

    def hand_status(self):
        status = publish(self.kamailio.sip, "1001", Kamailio.password("1001"), "presence", "application/pidf+xml",
                         PIDF_AWAY)
        assert status == 200, status


def main():
    tap = Tap()
    with Stage("kamailio") as stage:
        pbx = Pbx(stage)
        stage.teams_up({cases.ANA: "Ana Alder", cases.BEN: "Ben Berg"})
        stage.write("hq.secret", "phone-watch\n")
        stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml()}\
    connectors:
      - {{ name: hq, type: sip, server: "sip:{pbx.kamailio.sip};transport=tcp", username: watch, password_file: hq.secret }}
    users:
      - {{ email: {cases.ANA}, lines: [hq/1001, hq/1003] }}
      - {{ email: {cases.BEN}, lines: [hq/1002] }}
""")
        cases.Cases(stage, tap, pbx).run()
    tap.done()


if __name__ == "__main__":
    main()
