#!/usr/bin/env python3
"""Teams -> phones, through the real daemon and teamsim: a Teams meeting lights a phone's lamp and goes out;
what our own session shows in Teams never does; a restart loses no watcher."""
import socket

from stage import LIMIT_S, PEERS, Stage, Tap, await_that, free_ports
from watchers import Watchers, header

ANA, BEN, CLEO = "ana@acme.example", "ben@acme.example", "cleo@acme.example"


def accounts(stage):
    return f"""\
  - name: acme
{stage.teams_yaml("      read_back: 1s" + chr(10))}\
    policy: {{ direction: both }}
    connectors:
      - {{ name: crm, type: webhook, token_file: crm.token }}
    users:
      - {{ email: {ANA}, lines: [crm/201] }}
      - {{ email: {BEN}, lines: [crm/202] }}
      - {{ email: {CLEO}, lines: [crm/203], policy: {{ direction: to-teams }} }}
"""


def lamps(stage, digest="both"):
    return f"""\
lamps:
  listen: 127.0.0.1:{stage.sip}
  logins_file: lamps.logins
  domain: acme.example
  digest: {digest}
  tls_listen: 127.0.0.1:{stage.sips}
  tls: {{ certificate_file: lamps.pem, key_file: lamps.key }}
  expires_min: 10s
  stream_expires: 10m
"""


def line(stage, number, state):
    stage.run("curl", "-sS", "--fail", "--unix-socket", stage.folder / "api.sock", "-H", "Content-Type: application/json",
              "-d", '{"state": "%s"}' % state, f"http://offhook/api/v1/accounts/acme/connectors/crm/lines/{number}/state")


def up(stage):
    stage.write("crm.token", "quite-a-long-token-1\n")
    stage.write("lamps.logins", "# who may watch\nphone secret\nother word acme\n")
    stage.sip, = free_ports(1)
    stage.sips, = free_ports(1)
    stage.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=offhook", "-days", "2",
              "-keyout", "lamps.key", "-out", "lamps.pem")
    stage.daemon_up(accounts(stage), server="", label="offhookd", top=lamps(stage))
    await_that("the API answers", lambda: stage.explained(ANA))
    for number in (201, 202, 203):
        line(stage, number, "available")


def subscribed(w, *args, **more):
    d = w.subscribe(*args, **more)
    assert w.run(lambda: d.status and (d.status >= 300 or d.notifies)), f"no answer to SUBSCRIBE {args}: {d.status}"
    return d


def heard(stage, w):
    """Whatever was sent to the watchers before has reached them: datagrams to one socket keep their order."""
    d = w.subscribe(f"999@127.0.0.1:{stage.sip}")
    assert w.run(lambda: d.status == 404), d.status


def meetings(tap, stage, w):
    at = f"127.0.0.1:{stage.sip}"
    with tap.case("a Teams meeting lights the lamp of a phone and goes out: by mail address, line, and name"):
        dialogs = [subscribed(w, f"ana%40acme.example@{at}"), subscribed(w, f"201@{at}"), subscribed(w, f"ana@{at}"),
                   subscribed(w, f"201@{at}", "presence")]
        assert [d.status for d in dialogs] == [200] * 4, [d.answer for d in dialogs if d.status != 200]
        assert w.run(lambda: not any(d.lit for d in dialogs)), [d.state for d in dialogs]
        stage.client(ANA, "meeting")
        assert w.run(lambda: all(d.lit for d in dialogs)), [d.state for d in dialogs]
        assert dialogs[3].state == "Meeting", dialogs[3].notify
        assert "application/dialog-info+xml" in dialogs[0].notify and 'state="full"' in dialogs[0].notify
        stage.client(ANA, "busy")
        assert w.run(lambda: dialogs[3].state == "On the phone"), dialogs[3].state
        stage.client(ANA, "active")
        assert w.run(lambda: not any(d.lit for d in dialogs)), [d.state for d in dialogs]
        assert all(d.versions == sorted(set(d.versions)) for d in dialogs), [d.versions for d in dialogs]
    with tap.case("do not disturb by hand lights it too"):
        stage.pin(ANA, "DoNotDisturb")
        assert w.run(lambda: dialogs[3].state == "Do not disturb"), dialogs[3].state
        stage.pin(ANA, None)
        assert w.run(lambda: not any(d.lit for d in dialogs))
    return dialogs


def echo(tap, stage, w, dialogs):
    with tap.case("a call of the desk phone shows in Teams and lights nothing"):
        line(stage, 201, "busy")
        await_that("held and read back", lambda: stage.explained(ANA)["seen_pair"] == "Busy/InACall")
        before = [d.notifies for d in dialogs]
        reads = read_count(stage)
        await_that("three more reads", lambda: read_count(stage) >= reads + 3)
        heard(stage, w)
        assert not any(d.lit for d in dialogs), [d.state for d in dialogs]
        line(stage, 201, "available")
        await_that("cleared", lambda: stage.explained(ANA)["seen_pair"] != "Busy/InACall")
        heard(stage, w)
        assert not any(d.lit for d in dialogs) and before == [d.notifies for d in dialogs]
    with tap.case("a meeting beside the desk phone's call lights it all the same"):
        line(stage, 201, "busy")
        stage.client(ANA, "presenting")
        assert w.run(lambda: dialogs[3].state == "Do not disturb"), dialogs[3].state
        stage.client(ANA, "active")
        assert w.run(lambda: not any(d.lit for d in dialogs))
        line(stage, 201, "available")


def read_count(stage):
    """Reads go on while nothing else is sent."""
    return next(int(l.split()[-1]) for l in stage.metrics().splitlines() if l.startswith("offhook_graph_sent_total{"))


def refusals(tap, stage, w):
    at = f"127.0.0.1:{stage.sip}"
    for name, want, args in (
            ("an unknown name", 404, {"target": f"999@{at}"}),
            ("a person whose direction is to-teams", 404, {"target": f"203@{at}"}),
            ("another package", 489, {"target": f"201@{at}", "event": "message-summary"}),
            ("too brief a life", 423, {"target": f"201@{at}", "expires": 5}),
            ("a document that we do not write", 406, {"target": f"201@{at}", "extra": "Accept: text/plain\r\n"}),
            ("an extension that we do not know", 420, {"target": f"201@{at}", "extra": "Require: 100rel\r\n"})):
        with tap.case(f"{name} is answered {want}"):
            d = w.subscribe(**args)
            assert w.run(lambda: d.status), "no answer"
            assert d.status == want, d.answer
            if want == 423:
                assert header(d.answer, "Min-Expires") == "10"
    with tap.case("a refresh of what is not there is answered 481"):
        d = subscribed(w, f"201@{at}")
        d.remote_tag = "0123456789abcdef"
        w.request(d)
        assert w.run(lambda: d.status == 481), d.status
    with tap.case("a wrong password is challenged, MD5 alone signs in, and unsubscribing ends it"):
        bad = Watchers(w.target, ("phone", "wrong"))
        d = bad.subscribe(f"201@{at}")
        assert bad.run(lambda: d.status) and d.status == 401
        bad.close()
        md5 = Watchers(w.target, ("phone", "secret"), algorithm="MD5")
        d = subscribed(md5, f"201@{at}")
        assert d.status == 200 and md5.challenge[2] == "MD5", d.answer
        md5.subscribe(d.target, dialog=d, expires=0)
        assert md5.run(lambda: d.status == 200 and "terminated" in d.substate), d.substate
        md5.close()


def streams(tap, stage):
    at = f"127.0.0.1:{stage.sip}"
    with tap.case("over TCP the life is short and the lamp is the same"):
        w = Watchers(("127.0.0.1", stage.sip), ("other", "word"), transport="tcp")
        d = subscribed(w, f"202@{at}")
        assert d.status == 200 and d.expires == 600, d.answer
        stage.client(BEN, "meeting")
        assert w.run(lambda: d.lit)
        w.close()
    with tap.case("over TLS too"):
        t = Watchers(("127.0.0.1", stage.sips), ("other", "word"), transport="tls", ca=stage.folder / "lamps.pem")
        lamp = subscribed(t, f"202@127.0.0.1:{stage.sips}")
        assert lamp.status == 200 and t.run(lambda: lamp.lit) and "transport=tls" in lamp.contact, lamp.answer
        t.subscribe(lamp.target, dialog=lamp, expires=0)
        assert t.run(lambda: lamp.status == 200 and "terminated" in lamp.substate), lamp.substate
        t.close()
    with tap.case("a watcher whose connection ended comes back over another one, in the same dialog"):
        stage.client(BEN, "active")
        again = Watchers(("127.0.0.1", stage.sip), ("other", "word"), transport="tcp")
        again.challenge = None
        before = d.notifies
        again.dialogs[d.call_id] = d
        again.subscribe(d.target, dialog=d)
        assert again.run(lambda: d.status == 200 and d.notifies > before and not d.lit), (d.status, d.state)
        again.subscribe(d.target, dialog=d, expires=0)
        assert again.run(lambda: d.status == 200 and "terminated" in d.substate), d.substate
        again.close()


def metric(stage, name):
    return next((int(l.split()[-1]) for l in stage.metrics().splitlines() if l.startswith(name + " ")), -1)


def settled_metric(stage, name):
    """Metrics are told once a second: the value once two more tellings have passed."""
    turns = metric(stage, 'offhook_daemon_total{class="turns"}')
    for _ in range(2):
        turns = await_that("told", lambda: metric(stage, 'offhook_daemon_total{class="turns"}') > turns
                           and metric(stage, 'offhook_daemon_total{class="turns"}'))
    return metric(stage, name)


def sipp(tap, stage):
    """sipp 3.6 reads the first challenge only and knows no SHA-256 there, as older phones do."""
    stage.daemon_yaml(accounts(stage), top=lamps(stage, "md5"))
    stage.offhook("reload")
    for transport, flag in (("udp", "u1"), ("tcp", "t1")):
        with tap.case(f"sipp over {transport} sees a Teams meeting light up and go out, and unsubscribes"):
            watchers = 'offhook_lamp_watchers{class="dialog"}'
            answered = 'offhook_lamp_total{class="answered"}'
            before, seen = settled_metric(stage, watchers), settled_metric(stage, answered)
            port, = free_ports(1)
            phone = stage.start("/usr/bin/sipp", f"127.0.0.1:{stage.sip}", "-sf", PEERS / "sipp" / "lamp-watcher.xml", "-m", 1, "-s", 202,
                                "-i", "127.0.0.1", "-p", port, "-t", flag, "-nostdin", "-timeout", int(3 * LIMIT_S), "-trace_err",
                                label=f"sipp-{transport}")
            await_that("subscribed and told", lambda: metric(stage, watchers) == before + 1
                       and metric(stage, answered) > seen)
            seen = metric(stage, answered)
            stage.client(BEN, "meeting")
            await_that("lit", lambda: metric(stage, answered) > seen)
            stage.client(BEN, "active")
            assert phone.wait(3 * LIMIT_S) == 0, (stage.folder / f"sipp-{transport}.log").read_text()[-3000:]


def restart(tap, stage, w, dialogs):
    stage.daemon_yaml(accounts(stage), top=lamps(stage))
    stage.offhook("reload")
    with tap.case("a restart loses no watcher: the meeting that ended meanwhile goes out, a new one lights up"):
        stage.client(ANA, "meeting")
        assert w.run(lambda: all(d.lit for d in dialogs))
        await_that("kept", lambda: stage.stored("watchers") >= len(dialogs))
        stage.kill("offhookd")
        stage.client(ANA, "active")
        stage.daemon_start()
        assert w.run(lambda: not any(d.lit for d in dialogs)), [d.state for d in dialogs]
        stage.client(ANA, "meeting")
        assert w.run(lambda: all(d.lit for d in dialogs)), [d.state for d in dialogs]
        assert all(d.versions == sorted(set(d.versions)) for d in dialogs), [d.versions for d in dialogs]
        again = w.subscribe(dialogs[0].target, dialog=dialogs[0])
        assert w.run(lambda: again.status), "no answer to the refresh"
        assert again.status == 200, again.answer
        stage.client(ANA, "active")
        assert w.run(lambda: not any(d.lit for d in dialogs))


def views(tap, stage, w, dialogs):
    with tap.case("explain, metrics and status tell of lamps and watchers"):
        d = stage.explained(ANA)
        assert d["lamp"] == "dark" and d["watchers"] == len(dialogs) + 1, d # one of the refusals subscribed first
        await_that("metrics", lambda: 'offhook_lamp_watchers{class="dialog"} 4' in stage.metrics())
        assert 'offhook_lamp_total{class="denied"}' in stage.metrics()
        assert "watched by 5" in stage.offhook("explain", ANA).stdout
        assert "watchers of lamps" in stage.offhook("status").stdout
    with tap.case("a reload that takes the lamp away lets its watchers go"):
        stage.daemon_yaml(accounts(stage).replace("policy: { direction: both }", "policy: { direction: to-teams }"),
                          top=lamps(stage))
        stage.offhook("reload")
        assert w.run(lambda: all("terminated;reason=noresource" in d.substate for d in dialogs)), \
            [d.substate for d in dialogs]


def main():
    tap = Tap()
    with Stage("lamp") as stage:
        stage.teams_up({ANA: ANA, BEN: BEN, CLEO: CLEO})
        up(stage)
        w = Watchers(("127.0.0.1", stage.sip), ("phone", "secret"))
        dialogs = meetings(tap, stage, w)
        echo(tap, stage, w, dialogs)
        refusals(tap, stage, w)
        streams(tap, stage)
        sipp(tap, stage)
        restart(tap, stage, w, dialogs)
        views(tap, stage, w, dialogs)
        w.close()
    tap.done()


if __name__ == "__main__":
    main()
