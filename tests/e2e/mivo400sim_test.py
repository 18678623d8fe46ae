#!/usr/bin/env python3
"""mivo400sim as a program: sessions, monitors, a real call's events, faults, TLS and a clean end. TAP."""
import contextlib
import os
import pathlib
import signal
import ssl
import subprocess
import sys

from mivo import Application, Mivo
from stage import Stage, Tap, await_that


def sessions(tap, stage):
    stage.write("secret", "mivo-secret\n")
    sim = Mivo(stage, "--username", "offhook", "--password-file", stage.folder / "secret", "--dialing-ids",
               "--prefix", "csta", "--heartbeat-ms", 0, "--licences", 2)
    with tap.case("a wrong password is refused, and no service without a session"):
        app = Application(sim.address)
        assert "NegResponse" in app.log_in("offhook", "wrong")
        assert "CSTAErrorCode" in app.monitor("201")
    with tap.case("the right one opens a session"):
        answer = app.log_in("offhook", "mivo-secret")
        assert "<sessionID>" in answer and "csta/ed5" in answer, answer
    with tap.case("names carry the prefix, devices the dialling form"):
        answer = app.monitor("N&lt;201&gt;")
        assert answer.split("?>")[1].startswith("<csta:MonitorStartResponse xmlns:csta="), answer
        assert sim.counters()["monitors"] == 1
    with tap.case("licences run out"):
        assert "MonitorStartResponse" in app.monitor("202")
        assert "overallMonitorLimitExceeded" in app.monitor("203")
    with tap.case("a heartbeat that is answered keeps the link, one that is not ends it"):
        sim.post("/switch", heartbeat_ms=200, answer_ms=600000)
        for _ in range(2):
            invoke, _ = app.wait("SystemStatus")
            app.send("<SystemStatusResponse/>", invoke)
        sim.post("/switch", answer_ms=200)
        with contextlib.suppress(EOFError, ConnectionError):  # this one may be of before
            app.send("<SystemStatusResponse/>", app.wait("SystemStatus")[0])
        assert app.closed()
        await_that("monitors are given back", lambda: sim.counters()["monitors"] == 0)
    with tap.case("SIGTERM ends it cleanly"):
        assert stage.kill("mivo400sim", signal.SIGTERM) == 0


def calls(tap, stage):
    sim = Mivo(stage, "--heartbeat-ms", 0)
    app = Application(sim.address)
    with tap.case("a call is told step by step, in words of both phones"):
        for number in ("201", "202"):
            assert "MonitorStartResponse" in app.monitor(number)
        sim.post("/call", **{"from": 201, "to": 202, "ring_ms": -1})
        for name, info in (("ServiceInitiatedEvent", "initiated"), ("OriginatedEvent", "connected"),
                           ("DeliveredEvent", "connected"), ("DeliveredEvent", "alerting")):
            assert f"<localConnectionInfo>{info}<" in app.wait(name)[1]
        sim.post("/answer", phone=202)
        assert "<localConnectionInfo>connected<" in app.wait("EstablishedEvent")[1]
        sim.post("/hold", phone=201)
        assert "<localConnectionInfo>hold<" in app.wait("HeldEvent")[1]
        assert sim.phone(201)["state"] == "held"
        sim.post("/hangup", phone=202)
        assert "<localConnectionInfo>" in app.wait("ConnectionClearedEvent")[1]
        sim.await_state(201, "idle")
    with tap.case("switched while it runs: form of the profile, edition"):
        sim.post("/switch", profile_form="private", edition=4)
        sim.post("/profile", phone=201, profile="not-available")
        said = app.wait("PrivateDataEvent")[1]
        assert "<state>NotAvailable</state>" in said and "csta/ed4" in said, said
    with tap.case("garbage breaks the stream"):
        sim.fault("garbage")
        while not app.rest:
            app.more()
        assert app.rest.startswith(b"\xff\xfe"), app.rest
    with tap.case("a restart closes what it had and what comes while it is down"):
        sim.post("/restart", down_ms=60000)
        assert Application(sim.address).closed()
        sim.post("/fault", kind="none")
        assert "MonitorStartResponse" in Application(sim.address).monitor("201")
    with tap.case("bytes that are no frame end the link"):
        app = Application(sim.address)
        app.s.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert app.closed()
        assert sim.counters()["malformed"] == 1
    with tap.case("SIGTERM ends it cleanly"):
        assert stage.kill("mivo400sim", signal.SIGTERM) == 0


def lamps(tap, stage):
    sim = Mivo(stage, "--heartbeat-ms", 0, label="lamps")
    app = Application(sim.address)
    lamp = lambda device, n, mode: app.ask(f"<SetLampMode><device>{device}</device><lamp>{n}</lamp><lampMode>{mode}</lampMode></SetLampMode>")
    ask = lambda n: app.ask(f"<GetLampMode><device>201</device><lamp>{n}</lamp></GetLampMode>")
    with tap.case("a lamp is set, told, asked for, and seen at the control API"):
        assert "MonitorStartResponse" in app.monitor("201")
        assert "<SetLampModeResponse" in lamp(201, 7, "wink")
        assert "<lamp>7</lamp><lampMode>wink</lampMode>" in app.wait("LampModeEvent")[1]
        assert "<lamp>7</lamp><lampMode>wink</lampMode>" in ask(7) and "<lampMode>off</lampMode>" in ask(8)
        assert sim.get("/lamps") == [{"phone": 201, "lamp": 7, "mode": "wink"}] and sim.counters()["lamps"] == 1
        sim.post("/lamp", phone=201, lamp=7, mode="off")
        assert "<lampMode>off</lampMode>" in ask(7) and sim.get("/lamps") == []
    with tap.case("no such lamp, phone or word, and a switch without the service, are refused"):
        for device, n, mode, why in ((201, 17, "wink", "invalidLampID"), (201, "x", "wink", "invalidLampID"),
                                     (999, 7, "wink", "invalidDeviceID"), (201, 7, "glow", "valueOutOfRange")):
            assert why in lamp(device, n, mode), (device, n, mode)
        sim.fault("refuse-writes", count=1)
        assert "invalidObjectState" in lamp(201, 7, "steady") and "Response" in lamp(201, 7, "steady")
        sim.post("/switch", lamp_form="refused")
        assert "invalidFeature" in lamp(201, 7, "off") and "invalidFeature" in ask(7)
    with tap.case("the private form"):
        key = lambda state: app.ask(f"<Escape><extensions><privateData><private><KeyLamp><device>201</device><key>7</key><state>{state}"
                                    "</state></KeyLamp></private></privateData></extensions></Escape>")
        assert "invalidFeature" in key("on")
        sim.post("/switch", lamp_form="private")
        for state, mode in (("blink", "wink"), ("on", "steady")):
            assert "<EscapeResponse" in key(state) and sim.get("/lamps")[0]["mode"] == mode
        assert "valueOutOfRange" in key("glow") and "<EscapeResponse" in key("off") and sim.get("/lamps") == []
        assert "invalidFeature" in ask(7)


def tls(tap, stage):
    with tap.case("the same over TLS"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                        "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost"], cwd=stage.folder,
                       check=True, capture_output=True)
        sim = Mivo(stage, "--tls-cert", "cert.pem", "--tls-key", "key.pem")
        context = ssl.create_default_context(cafile=stage.folder / "cert.pem")
        context.check_hostname = False
        app = Application(sim.tls, wrap=lambda s: context.wrap_socket(s))
        assert "<systemStatus>normal<" in app.ask("<RequestSystemStatus/>")
        assert stage.kill("mivo400sim", signal.SIGTERM) == 0


def orphan(tap, stage):
    with tap.case("it does not outlive its parent"):
        script = ("import subprocess, time; p = subprocess.Popen([%r, '--listen', '127.0.0.1:0']); "
                  "print(p.pid, flush=True); time.sleep(600)" % str(stage.binary("mivo400sim")))
        parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        pid = int(parent.stdout.readline())
        parent.stdout.readline()  # CSTA=...: it runs
        parent.kill()
        parent.wait()

        def gone():
            stat = pathlib.Path(f"/proc/{pid}/stat")
            return not os.path.exists(f"/proc/{pid}") or stat.read_text().split(") ")[1][0] == "Z"
        await_that("it is gone", gone)


def options(tap, stage):
    with tap.case("half a log-in is refused at the start, in words"):
        empty = stage.write("empty", "\n")
        for args in (["--username", "offhook"], ["--password-file", stage.write("secret", "s\n")],
                     ["--username", "offhook", "--password-file", empty]):
            for name in ("mivo400sim", "pbxsim"):
                done = subprocess.run([stage.binary(name), "--listen", "127.0.0.1:0", *args], capture_output=True,
                                      text=True, timeout=60)
                assert done.returncode == 2 and "go together" in done.stderr, (name, args, done)


def main():
    tap = Tap()
    for part in (options, sessions, calls, lamps, tls, orphan):
        with Stage("mivo400sim") as stage:
            part(tap, stage)
    tap.done()


if __name__ == "__main__":
    main()
