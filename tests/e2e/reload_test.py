#!/usr/bin/env python3
"""SIGHUP and `offhook reload`: a good change is applied, a bad one is refused in words and changes nothing."""
import signal
import ssl
import subprocess

from stage import LIMIT_S, Stage, Tap, await_that

ANA, BEN, CYD = "ana@acme.example", "ben@acme.example", "cyd@acme.example"
BAD = [  # what is put in, what replaces it, key and words of the answer
    ("    users:\n", "    usres:\n", "accounts[0].usres", "did you mean users"),
    ("mode: live", "mode: alive", "accounts[0].mode", ""),
    ("client_secret_file: acme.secret", "client_secret_file: s3cret-in-the-wrong-place", "client_secret_file", "the file"),
    ("lines: [hq/201]", "lines: [hx/201]", "lines", ""),
]


def configuration(stage, server, users):
    people = "".join(f"      - {{ email: {e}, lines: [{l}] }}\n" for e, l in users)
    return f"""\
  - name: acme
    mode: live
{stage.teams_yaml()}\
    connectors:
      - {{ name: hq, type: sip, server: "sip:{server};transport=tcp", username: bridge, password_file: hq.secret }}
    users:
{people}"""


def imported(tap, stage):
    """The last word counts, the import's or the reload's, and a kill -9 changes nothing about it."""
    lines = lambda: [l["number"] for l in stage.explained(ANA)["lines"]]

    def killed():
        stage.kill("offhookd")
        return stage.daemon_start()

    with tap.case("import over the configuration, kill -9: as imported"):
        stage.write("people.csv", f"email,name,lines\n{ANA},Ana,hq/204\n")
        stage.offhook("users", "import", "people.csv")
        await_that("imported", lambda: lines() == ["204"])
        await_that("stored", lambda: stage.stored("people") == 1)
        killed()
        assert lines() == ["204"], lines()
    with tap.case("reload: the configuration is the later word and says so; kill -9: it stays"):
        said = stage.offhook("reload").stdout
        assert f"user {ANA}: as the configuration says again" in said, said
        assert lines() == ["203"], lines()
        await_that("stored", lambda: stage.stored("people") == 0)
        killed()
        assert lines() == ["203"], lines()


def own_certificate(stage, name, key="own"):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", f"{key}.key", "-out", "own.crt"], cwd=stage.folder, check=True,
                   capture_output=True)


def renewed(tap):
    """The console's certificate in the files of before."""
    with Stage("reload-tls") as stage:
        own_certificate(stage, "first.example")
        stage.daemon_up("  []\n", wait=False, server="  tls: { certificate_file: own.crt, key_file: own.key }\n", open_read="no")

        def shown():
            pem = ssl.get_server_certificate(("127.0.0.1", stage.port), timeout=LIMIT_S)
            told = subprocess.run(["openssl", "x509", "-noout", "-subject"], input=pem, capture_output=True, text=True)
            return told.stdout.strip().split("CN = ")[-1]

        with tap.case("a renewed certificate of the console is shown after a reload"):
            await_that("the first one", lambda: shown() == "first.example")
            own_certificate(stage, "second.example")
            assert "the new certificate is shown" in stage.offhook("reload").stdout
            await_that("the second one", lambda: shown() == "second.example")
            assert "certificate" not in stage.offhook("reload").stdout
        with tap.case("one that does not fit its key is refused in words, and the one of before stays"):
            own_certificate(stage, "third.example", key="other")
            assert "do not fit; the certificate of before stays" in stage.offhook("reload").stdout
            assert shown() == "second.example", shown()


def main():
    tap = Tap()
    with Stage("reload") as stage:
        stage.teams_up({e: e for e in (ANA, BEN, CYD)})
        stage.write("hq.secret", "bridge-secret\n")
        stage.start("pbxsim", "--listen", "127.0.0.1:0", "--phones", 4, "--username", "bridge", "--password-file",
                    stage.folder / "hq.secret")
        server = stage.facts("pbxsim", "SIP")["SIP"]
        daemon = stage.daemon_up(configuration(stage, server, [(ANA, "hq/201"), (BEN, "hq/202")]))
        path, log = stage.folder / "offhook.yaml", stage.folder / "offhookd.log"
        good = path.read_text()
        seen = lambda email: stage.teams_user(email)["availability"]
        for email in (ANA, BEN):
            stage.offhook("set", email, "busy")
        await_that("both are busy", lambda: seen(ANA) == seen(BEN) == "Busy")
        for old, new, key, words in BAD:
            stage.write("offhook.yaml", good.replace(old, new))
            line = good[:good.index(old)].count("\n") + 1
            with tap.case(f"bad: {new.strip()}: offhookd -n and offhook reload name file, line and key"):
                checked = stage.run(stage.binary("offhookd"), "-n", "-c", path, check=False)
                asked = stage.offhook("reload", check=False)
                assert checked.returncode == 78 and asked.returncode == 1, (checked, asked)
                for text in (checked.stderr, asked.stdout + asked.stderr):
                    assert f"offhook.yaml:{line}:" in text and key in text and words in text, text
                    assert "s3cret" not in text and "e2e-secret" not in text, text
        with tap.case("SIGHUP with the bad file: the log says why, the old configuration stays"):
            marks = log.read_text().count("the old configuration stays")
            daemon.send_signal(signal.SIGHUP)
            await_that("told", lambda: log.read_text().count("the old configuration stays") > marks)
            assert seen(ANA) == seen(BEN) == "Busy" and stage.explained(ANA)["lines"][0]["number"] == "201"
        with tap.case("SIGHUP: a new user, a moved line, and what a removed user held is given back"):
            accounts = configuration(stage, server, [(ANA, "hq/203"), (CYD, "hq/201")])
            stage.write("offhook.yaml", good[:good.index("accounts:")] + "accounts:\n" + accounts)
            daemon.send_signal(signal.SIGHUP)
            await_that("cleared", lambda: seen(BEN) == "Offline")
            await_that("moved", lambda: [l["number"] for l in stage.explained(ANA)["lines"]] == ["203"])
            await_that("new", lambda: [l["sync"] for l in stage.explained(CYD)["lines"]] == ["synced"])
            assert seen(ANA) == "Busy", seen(ANA)
        with tap.case("what only a start brings into force is said, each time"):
            now = path.read_text()
            stage.write("offhook.yaml", now.replace("capacity: 1000", "capacity: 2000"))
            for _ in range(2):
                said = stage.offhook("reload").stdout
                assert "server.capacity is another one now: start offhookd again" in said, said
            stage.write("offhook.yaml", now)
            assert "start offhookd again" not in stage.offhook("reload").stdout
        with tap.case("another log level counts at once"):
            before = log.read_text().count("reloaded")
            stage.write("offhook.yaml", now.replace("capacity: 1000", "capacity: 1000\n  log: warning"))
            stage.offhook("reload")
            stage.write("offhook.yaml", now)
            stage.offhook("reload")
            assert log.read_text().count("reloaded") == before + 1, log.read_text()[-500:]
        imported(tap, stage)
        with tap.case("no secret stands in any output"):
            assert not any(s in log.read_text() for s in ("e2e-secret", "bridge-secret", "s3cret"))
    renewed(tap)
    tap.done()


if __name__ == "__main__":
    main()
