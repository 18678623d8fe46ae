#!/usr/bin/env python3
"""`offhook check` asks: each thing that can be wrong is made wrong on the running programs, and named by the next check."""
import json
import signal
import time

from mivo import Mivo
from stage import CLIENT, LIMIT_S, Stage, Tap, await_that, free_ports, http, note

ANA, BEN, CYD = (f"{n}@acme.example" for n in ("ana", "ben", "cyd"))
OTHER = "88888888-7777-6666-5555-444444444444"
WAIT_S = 9  # a check waits so long for answers (CHECK_WAIT_MS)


def account(stage, name, connectors, users):
    people = "".join(f"      - {{ email: {e}, lines: [{lines}] }}\n" for e, lines in users)
    return f"""\
  - name: {name}
{stage.teams_yaml()}\
    connectors:
{connectors}\
    users:
{people}"""


class Check:
    def __init__(self, stage):
        self.stage, self.last = stage, None

    def __call__(self, *args):
        begun = time.monotonic()
        done = self.stage.offhook("check", "--json", *args, check=False)
        self.took = time.monotonic() - begun
        doc = json.loads(done.stdout)
        assert done.returncode == (0 if doc["ok"] else 1), done
        assert doc["ok"] == all(r["ok"] for r in doc["checks"]), doc
        rows = {}
        for r in doc["checks"]:  # of the configuration there may be several
            ok, text = rows.get((r["account"], r["name"]), (True, ""))
            rows[r["account"], r["name"]] = (ok and r["ok"], f"{text}\n{r['text']}".strip())
        return rows

    def wrong(self, *args):
        rows = {key: text for key, (ok, text) in self(*args).items() if not ok}
        if rows != self.last:
            note(f"{self.took:.1f} s: {rows}")
        self.last = rows
        return rows

    def setup(self, account="acme"):
        """{step: (state, text)}"""
        done = self.stage.offhook("setup", "--json", "--account", account, check=False)
        steps = json.loads(done.stdout)["steps"]
        assert done.returncode == (0 if all(s["state"] == "done" for s in steps) else 1), done
        return {s["id"]: (s["state"], s["text"]) for s in steps}

    def await_good(self):
        await_that("all is well", lambda: not self.wrong())

    def frozen(self, label, found):
        """found(wrong) holds while the program stands still, and all is well afterwards. What else is slow to answer on
        a busy machine may be found wrong beside it: then once more."""
        def stands_still():
            self.stage.programs[label].send_signal(signal.SIGSTOP)
            try:
                wrong = self.wrong()
            finally:
                self.stage.programs[label].send_signal(signal.SIGCONT)
            self.await_good()
            return found(wrong)
        await_that(f"{label} is found silent", stands_still)


def main():
    tap = Tap()
    with Stage("check") as stage:
        stage.teams_up({e: e for e in (ANA, BEN, CYD)})
        stage.teams_control("POST", "/apps", {"client_id": OTHER, "client_secret": "e2e-secret",
                                              "roles": "Presence.ReadWrite.All User.Read.All"})
        stage.write("hq.secret", "bridge-secret\n")
        stage.write("hook.token", "s3cret-token-of-the-hook\n")
        stage.start("pbxsim", "--listen", "127.0.0.1:0", "--phones", 8, "--username", "bridge", "--password-file",
                    stage.folder / "hq.secret")
        server = stage.facts("pbxsim", "SIP")["SIP"]
        port, = free_ports(1)  # it goes and comes back: nobody else may take it meanwhile
        mivo = Mivo(stage, "--username", "offhook", "--password-file", stage.folder / "hq.secret", listen=f"127.0.0.1:{port}")
        sip = f'      - {{ name: hq, type: sip, server: "sip:{server}", username: bridge, password_file: hq.secret }}\n'
        csta = (f'      - {{ name: mivo, type: csta, server: "{mivo.address}", username: offhook, '
                'password_file: hq.secret }\n')
        hook = "      - { name: crm, type: webhook, token_file: hook.token }\n"
        yaml = (account(stage, "acme", sip + csta, [(ANA, "hq/201, mivo/201"), (BEN, "hq/202")])
                + account(stage, "beta", hook, [(CYD, "crm/7")]).replace(CLIENT, OTHER))
        stage.daemon_up(yaml)
        check = Check(stage)
        report = f"http://127.0.0.1:{stage.port}/api/v1/accounts/beta/connectors/crm/lines/7/state"
        with tap.case("a webhook answers from when it was last told"):
            check.await_good()  # it is the sender's turn: said, and nothing is wrong
            doc = json.loads(stage.offhook("check", "--json").stdout)
            notes = {r["name"]: r["text"] for r in doc["checks"] if r["note"]}
            assert set(notes) == {"connector crm", "line crm/7"}, doc
            assert "nothing has been told yet" in notes["connector crm"] and "no report" in notes["line crm/7"], notes
            assert stage.offhook("check").stdout.count("note  ") == 2
            stage.run("curl", "-sf", "--unix-socket", stage.folder / "api.sock", "-X", "POST", "-H",
                      "Content-Type: application/json", "-d", '{"state":"idle"}', report)
            await_that("told", lambda: "last told" in check()["beta", "connector crm"][1])
        with tap.case("all well is said as soon as everybody has answered"):
            def at_once():  # a slow machine may need more than one try; a check that waits for its time has none
                rows = check()
                return all(ok for ok, _ in rows.values()) and check.took < WAIT_S and rows
            rows = await_that("all is well, before the time is over", at_once)
            assert "has answered" in rows["acme", "connector hq"][1], rows
        with tap.case("--account looks at one account; an unknown one is refused"):
            assert {a for a, _ in check("--account", "beta")} == {"", "beta"}
            done = stage.offhook("check", "--account", "nope", check=False)
            assert done.returncode == 1 and "no such account" in done.stderr, done
        with tap.case("set-up: every step is done, and a wrong secret or client id is seen at its step"):
            def done():
                steps = check.setup()
                return {state for state, _ in steps.values()} == {"done"} and steps
            steps = await_that("every step is done", done)
            assert list(steps) == ["app", "credential", "permissions", "consent", "graph", "people"], steps
            assert "all 2 people" in steps["people"][1] and "secret signs in" in steps["credential"][1], steps
            secret = stage.folder / "acme.secret"
            secret.write_text("not-the-secret\n")

            def refused():
                steps = check.setup()
                return steps["credential"][0] == "failed" and steps
            steps = await_that("the secret is refused", refused)
            assert steps["app"][0] == "done" and steps["permissions"][0] == steps["graph"][0] == "todo", steps
            assert "AADSTS7000215" in steps["credential"][1] and "not its Secret ID" in steps["credential"][1], steps
            secret.write_text("e2e-secret\n")
            check.await_good()
            first = json.loads(stage.run("curl", "-sf", "--unix-socket", stage.folder / "api.sock",
                                         "http://localhost/api/v1/setup").stdout)
            assert first["account"] is None and {s["state"] for s in first["steps"]} == {"todo"}, first
            assert "YOUR-TENANT-ID" in " ".join(first["steps"][0]["commands"]), first
        with tap.case("a configuration that is broken on the disk, or gone"):
            path = stage.folder / "offhook.yaml"
            good = path.read_text()
            path.write_text(good.replace("accounts:", "acounts:"))
            assert "acounts" in check.wrong()["", "configuration"]
            path.unlink()
            assert "offhook.yaml" in check.wrong()["", "configuration"]
            path.write_text(good.replace("hq.secret", "missing.secret"))
            assert ("", "configuration") in check.wrong()
            path.write_text(good)
            check.await_good()
        with tap.case("a role revoked meanwhile is missed at once"):
            stage.teams_control("POST", f"/apps/{CLIENT}/roles", {"roles": "User.Read.All"})
            only = lambda wrong, role: "missing" in wrong.get(("acme", f"permission {role}"), "") and not [
                key for key in wrong if key[0] == "beta"]
            await_that("missed", lambda: only(check.wrong(), "Presence.ReadWrite.All"))

            def asked_for():
                steps = check.setup()
                return (steps["permissions"] == ("todo", "missing: Presence.ReadWrite.All")
                        and steps["consent"][0] == "todo" and steps["credential"][0] == "done")
            await_that("the step is to be done", asked_for)
            stage.teams_control("POST", f"/apps/{CLIENT}/roles", {"roles": "Presence.ReadWrite.All"})
            await_that("missed", lambda: only(check.wrong(), "User.Read.All"))
            stage.teams_control("POST", f"/apps/{CLIENT}/roles", {"roles": "Presence.ReadWrite.All User.Read.All"})
            check.await_good()
        with tap.case("a PBX that is silent over UDP"):
            check.frozen("pbxsim", lambda wrong: "not answered within" in wrong.get(("acme", "connector hq"), "")
                         and {("acme", "line hq/201"), ("acme", "line hq/202")} <= set(wrong)
                         and not [k for k in wrong if "mivo" in k[1] or "teams" in k[1]])
        with tap.case("a switch that is silent over CSTA"):
            check.frozen("mivo400sim", lambda wrong: set(wrong) == {("acme", "connector mivo"), ("acme", "line mivo/201")})
        with tap.case("Teams is silent"):
            check.frozen("teamsim", lambda wrong: "not answered within" in wrong.get(("acme", "teams sign-in"), "")
                         and ("beta", "teams graph") in wrong and ("acme", "connector hq") not in wrong)
        with tap.case("a switch that is gone is tried at once, and back at once"):
            stage.kill("mivo400sim")
            await_that("refused, before the time is over", lambda: "refused" in check.wrong().get(
                ("acme", "connector mivo"), "").lower() and check.took < WAIT_S)
            Mivo(stage, "--username", "offhook", "--password-file", stage.folder / "hq.secret", listen=mivo.address)
            check.await_good()
        with tap.case("two at a time are both answered"):
            def three():
                runs = [stage.start(str(stage.binary("offhook")), "--socket", stage.folder / "api.sock", "check",
                                    label=f"check{n}") for n in range(3)]
                codes = [(r.wait(LIMIT_S), r.stdout.read()) for r in runs]
                assert all("connector hq" in said for _, said in codes), codes
                return [c for c, _ in codes] == [0, 0, 0]
            await_that("all three are answered, and all is well", three)
        with tap.case("a person whom Graph refuses is named"):
            stage.teams_control("POST", "/faults", {"kind": "status", "status": 404, "user": BEN, "ops": ["setPresence"]})
            stage.offhook("set", BEN, "busy")
            await_that("named", lambda: "404" in check.wrong().get(("acme", f"user {BEN}"), ""))
    tap.done()


if __name__ == "__main__":
    main()
