#!/usr/bin/env python3
"""Signing in to the real daemon: the one-time password, tokens from the command line, Microsoft's account by teamsim."""
import contextlib
import http.client
import http.cookies
import json
import pathlib
import re
import ssl
import subprocess
import urllib.parse

from stage import CLIENT, LIMIT_S, TENANT, Stage, Tap, await_that, http as control_http
from objects_test import Api

ANA, BEN, EVA, OTHER = "ana@acme.example", "ben@acme.example", "eva@acme.example", "guest@acme.example"
PASSWORD = "a password of my own"


class Browser:
    """Keeps cookies and csrf, follows nothing by itself. at: the origin it believes to be at, when that is not where
    it connects to; ca: speaks TLS."""

    def __init__(self, stage, at=None, ca=None):
        self.stage, self.cookies, self.csrf, self.ca = stage, {}, None, ca
        self.origin = at or f"{'https' if ca else 'http'}://127.0.0.1:{stage.port}"
        self.set_cookies = []

    def connection(self):
        if not self.ca:
            return http.client.HTTPConnection("127.0.0.1", self.stage.port, timeout=LIMIT_S)
        context = ssl.create_default_context(cafile=self.ca)
        return http.client.HTTPSConnection("127.0.0.1", self.stage.port, timeout=LIMIT_S, context=context)

    def ask(self, method, path, body=None, headers=None):
        """(status, JSON or text, Location)"""
        c = self.connection()
        own = {"Host": self.origin.split("//")[1]}
        own |= {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())} if self.cookies else {}
        if method != "GET":
            own |= {"Origin": self.origin, "Content-Type": "application/json"}
            own |= {"X-Offhook-CSRF": self.csrf} if self.csrf else {}
        c.request(method, path, None if body is None else json.dumps(body), own | (headers or {}))
        answer = c.getresponse()
        text = answer.read().decode()
        self.stage.answered(method, path, answer.status, answer.headers, text, body)
        self.set_cookies = answer.headers.get_all("Set-Cookie") or []
        for value in self.set_cookies:
            for name, morsel in http.cookies.SimpleCookie(value).items():
                self.cookies[name] = morsel.value
        with contextlib.suppress(ValueError):
            text = json.loads(text)
        if isinstance(text, dict) and "csrf" in text:
            self.csrf = text["csrf"]
        return answer.status, text, answer.headers.get("Location")

    def sign_in(self, name, password):
        return self.ask("POST", "/api/v1/session", {"name": name, "password": password})

    def at_microsoft(self, location, at=None):
        """What the browser gets there: its Location, or the page. at: another authority's facts"""
        url = urllib.parse.urlsplit(location)
        c = http.client.HTTPSConnection(url.hostname, url.port, timeout=LIMIT_S,
                                        context=ssl.create_default_context(cafile=(at or self.stage.teams)["CA"]))
        c.request("GET", url.path + "?" + url.query)
        answer = c.getresponse()
        text = answer.read().decode()
        return answer.headers.get("Location") or text

    def microsoft(self, email, change=lambda url: url, at=None, account="acme"):
        """The whole way; where it led to in the end."""
        status, _, out = self.ask("GET", f"/signin/microsoft?account={account}&login_hint=" + urllib.parse.quote(email))
        assert status == 302, status
        back = urllib.parse.urlsplit(self.at_microsoft(change(out), at))
        status, text, end = self.ask("GET", back.path + "?" + back.query)
        assert status == 302, (status, text)
        if end == "/":
            self.ask("GET", "/api/v1/session")
        return end


def daemon(stage):
    stage.write("crm.token", "0123456789abcdef0123456789abcdef\n")
    stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml()}
    sign_in: {{ microsoft: yes }}
    connectors:
      - {{ name: crm, type: webhook, token_file: crm.token }}
    users:
      - {{ email: {ANA}, lines: [crm/1] }}
      - {{ email: {BEN}, lines: [crm/2] }}
  - name: other
    teams: {{ tenant: 22222222-2222-3333-4444-555555555555, client_id: 99999999-8888-7777-6666-555555555555,
      client_secret_file: acme.secret, login_url: "{stage.teams['LOGIN_URL']}", graph_url: "{stage.teams['GRAPH_URL']}",
      ca_file: {stage.teams['CA']} }}
    mode: off
    connectors:
      - {{ name: pbx, type: webhook, token_file: crm.token }}
    users:
      - {{ email: zoe@other.example, lines: [pbx/1] }}
""", open_read="no")


def first_password(stage):
    return re.search(r"one-time password (\S+)", (stage.folder / "offhookd.log").read_text())[1]


def passwords(tap, stage):
    browser = Browser(stage)
    with tap.case("nobody reads before signing in"):
        assert browser.ask("GET", "/api/v1/accounts")[0] == 401
        assert browser.ask("GET", "/metrics")[0] == 200
    with tap.case("the one-time password of the log serves to set one's own"):
        status, answer, _ = browser.sign_in("admin", first_password(stage))
        assert status == 200 and answer["must_change_password"], answer
        assert browser.ask("GET", "/api/v1/accounts")[0] == 403
        status, answer, _ = browser.ask("PUT", "/api/v1/session/password",
                                        {"old": first_password(stage), "new": PASSWORD})
        assert status == 200 and not answer["must_change_password"], answer
        assert browser.ask("GET", "/api/v1/accounts")[0] == 200
    with tap.case("a change by page"):
        assert browser.ask("PUT", f"/api/v1/accounts/acme/users/{ANA}/profile", {"state": "away", "until": None})[0] == 200
        assert browser.ask("PUT", f"/api/v1/accounts/acme/users/{ANA}/profile", {"state": "available"},
                           {"X-Offhook-CSRF": "x"})[0] == 403
    with tap.case("a session outlives a restart; the one-time password is printed once"):
        await_that("stored", lambda: stage.stored("records") >= 2)
        stage.kill("offhookd", 15)
        stage.daemon_start(label="again")
        assert browser.ask("GET", "/api/v1/accounts")[0] == 200
        assert "one-time" not in (stage.folder / "again.log").read_text()
    with tap.case("offhook password-reset ends it and gives a new one"):
        fresh = stage.offhook("password-reset", "admin").stdout.strip()
        assert browser.ask("GET", "/api/v1/accounts")[0] == 401
        assert Browser(stage).sign_in("admin", PASSWORD)[0] == 401
        assert Browser(stage).sign_in("admin", fresh)[1]["must_change_password"]
    return browser


def authority(stage):
    """One of somebody else's, which says what it is told to of anybody: it gives itself out as the same tenant."""
    secret = stage.write("own.secret", "own-secret\n")
    csv = stage.write("own.csv", f"email,name\n{ANA},Somebody Else\n")
    stage.start("teamsim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--tls-dir", stage.folder / "own-tls",
                "--tenant", TENANT, "--client-id", CLIENT, "--client-secret-file", secret, "--users", csv, label="own")
    at = stage.facts("own", "LOGIN_URL", "GRAPH_URL", "CONTROL", "CA")
    control_http("PATCH", at["CONTROL"].rstrip("/") + f"/users/{ANA}", {"app_roles": "Offhook.Owner"})
    return at


def another_customer(tap, stage):
    """Of a provider: owns an account of its own here, and with it what the account says of its authority."""
    at, api = authority(stage), Api(stage)
    config = "/api/v1/accounts/late/config"
    first = {"mode": "off", "teams": {"tenant": "33333333-2222-3333-4444-555555555555", "client_id": CLIENT, "client_secret": "x"}}
    theirs = {"mode": "off", "sign_in": {"microsoft": True},
              "teams": {"tenant": TENANT.upper(), "client_id": CLIENT, "client_secret": "own-secret", "login_url": at["LOGIN_URL"],
                        "graph_url": at["GRAPH_URL"], "ca": pathlib.Path(at["CA"]).read_text()}}
    assert api.ask("PUT", "/accounts/late/config", first)[0] == 201
    token = stage.offhook("tokens", "add", "late", "--role", "owner", "--account", "late").stdout.strip()
    bearer = {"Authorization": f"Bearer {token}", "If-Match": "*"}
    with tap.case("an owner of one account cannot give it the tenant and app registration of another's"):
        status, problem, _ = Browser(stage).ask("PUT", config, theirs, bearer)
        assert status == 403 and "app registration" in problem["detail"], (status, problem)
        behind = {**first, "sign_in": {"microsoft": True, "client_id": CLIENT}, "teams": {**first["teams"], "tenant": TENANT, "client_id": TENANT}}
        assert Browser(stage).ask("PUT", config, behind, bearer)[0] == 403
        made = {"settings": {"mode": "off", "teams": {"tenant": TENANT, "client_id": CLIENT}}}
        later = Browser(stage)
        once = json.loads(stage.offhook("--json", "administrators", "add", "lena", "--role", "owner", "--account", "later").stdout)
        assert later.sign_in("lena", once["one_time_password"])[0] == 200
        assert later.ask("PUT", "/api/v1/session/password", {"old": once["one_time_password"], "new": PASSWORD})[0] == 200
        assert later.ask("POST", "/api/v1/accounts/later/certificate", made)[0] == 403
        assert Browser(stage).ask("PUT", config, {**first, "audit_days": 30}, bearer)[0] == 200
    with tap.case("and where the provider did, its authority counts for that account alone, and names nobody elsewhere"):
        ana, other = Browser(stage), Browser(stage)
        assert ana.microsoft(ANA) == "/"
        assert api.ask("PUT", "/accounts/late/config", theirs, If_Match="*")[0] == 200
        assert Browser(stage).ask("PUT", config, {**theirs, "audit_days": 30}, bearer)[0] == 200
        assert other.microsoft(ANA, at=at, account="late") == "/"
        me = other.ask("GET", "/api/v1/session")[1]
        assert me["grants"] == [{"account": "late", "role": "owner"}] and me["self"] is None, me
        assert other.ask("GET", "/api/v1/accounts/acme/users")[0] == 404
        assert [r["present"] for r in other.ask("GET", "/api/v1/sessions")[1]["sessions"]] == [True]
        mine = next(r["id"] for r in ana.ask("GET", "/api/v1/sessions")[1]["sessions"] if r["present"])
        assert other.ask("DELETE", f"/api/v1/sessions/{mine}")[0] == 404
        assert ana.ask("GET", "/api/v1/me")[0] == 200
        again = Browser(stage)
        assert again.microsoft(ANA) == "/" and again.ask("GET", "/api/v1/session")[1]["self"]["account"] == "acme"
    with tap.case("nobody signs in through an account that is deleted, whatever it has to give back yet"):
        assert api.ask("DELETE", "/accounts/late/config", If_Match="*")[0] == 200
        await_that("closed", lambda: Browser(stage).ask("GET", "/signin/microsoft?account=late")[0] == 404)


def programs(tap, stage):
    with tap.case("a token from the command line, for one account"):
        token = stage.offhook("tokens", "add", "crm", "--role", "operator", "--account", "acme").stdout.strip()
        bearer = {"Authorization": f"Bearer {token}"}
        accounts = Browser(stage).ask("GET", "/api/v1/accounts", headers=bearer)[1]["accounts"]
        assert [a["name"] for a in accounts] == ["acme"], accounts
        assert Browser(stage).ask("GET", "/api/v1/accounts/other/users", headers=bearer)[0] == 404
        assert Browser(stage).ask("POST", "/api/v1/reload", {}, bearer)[0] == 403
        assert Browser(stage).ask("PUT", f"/api/v1/accounts/acme/users/{ANA}/profile", {"state": "available"}, bearer)[0] == 200
    with tap.case("it is listed, and ends when it is removed; the log has never seen it"):
        row = json.loads(stage.offhook("tokens", "--json").stdout)["tokens"][0]
        assert row["name"] == "crm" and row["used"]
        stage.offhook("tokens", "remove", row["id"])
        assert Browser(stage).ask("GET", "/api/v1/accounts", headers=bearer)[0] == 401
        assert all(token not in log.read_text() for log in stage.folder.glob("*.log"))
    with tap.case("metrics name an account only to who sees it"):
        seen = lambda head: set(re.findall(r'account="(\w+)"', Browser(stage).ask("GET", "/metrics", headers=head)[1]))
        everything = stage.offhook("tokens", "add", "prometheus", "--role", "viewer").stdout.strip()
        one = stage.offhook("tokens", "add", "customer", "--role", "owner", "--account", "acme").stdout.strip()
        assert seen({"Authorization": f"Bearer {everything}"}) == {"acme", "other"}
        assert seen({"Authorization": f"Bearer {one}"}) == {"acme"} and seen({}) == set()
        assert "offhook_users 3" in stage.metrics(), stage.metrics()
    with tap.case("administrators by the command line"):
        one_time = stage.offhook("administrators", "add", "kim", "--role", "viewer", "--account", "acme").stdout.strip()
        assert Browser(stage).sign_in("kim", one_time)[0] == 200
        assert "viewer on acme" in stage.offhook("administrators").stdout
        stage.offhook("administrators", "remove", "kim")
        assert Browser(stage).sign_in("kim", one_time)[0] == 401
        assert stage.offhook("administrators", "remove", "admin", check=False).returncode == 1


def microsoft(tap, stage):
    with tap.case("the page offers Microsoft's account"):
        ways = Browser(stage).ask("GET", "/api/v1/session")[1]["sign_in"]
        assert {"kind": "microsoft", "account": "acme", "start": "/signin/microsoft?account=acme"} in ways, ways
    with tap.case("a person signs in and sees and sets itself, nobody else"):
        ana = Browser(stage)
        assert ana.microsoft(ANA) == "/"
        me = ana.ask("GET", "/api/v1/session")[1]
        assert me["kind"] == "microsoft" and me["self"] == {"account": "acme", "email": ANA} and not me["grants"], me
        assert ana.ask("GET", "/api/v1/me")[1]["email"] == ANA
        assert ana.ask("GET", "/api/v1/accounts")[0] == 403
        assert ana.ask("GET", f"/api/v1/accounts/acme/users/{BEN}")[0] == 404
        assert ana.ask("PUT", "/api/v1/me/profile", {"state": "away", "until": None})[0] == 200
        await_that("away", lambda: ana.ask("GET", "/api/v1/me")[1]["profile"] == "away")
        assert ana.ask("PUT", "/api/v1/me/enabled", {"enabled": False})[0] == 200
        await_that("paused", lambda: not ana.ask("GET", "/api/v1/me")[1]["enabled"])
        assert ana.ask("PUT", "/api/v1/me/enabled", {"enabled": True})[0] == 200
        await_that("goes on", lambda: ana.ask("GET", "/api/v1/me")[1]["enabled"])
    with tap.case("what an operator switched off the person cannot switch on; a pause outlives a restart"):
        def switch(on):
            stage.offhook("enable" if on else "disable", ANA)
            await_that("switched", lambda: ana.ask("GET", "/api/v1/me")[1]["enabled"] == on)
        switch(False)
        status, problem, _ = ana.ask("PUT", "/api/v1/me/enabled", {"enabled": True})
        assert status == 403 and "operator" in problem["detail"], problem
        assert ana.ask("PUT", "/api/v1/me/enabled", {"enabled": False})[0] == 200
        assert ana.ask("PUT", "/api/v1/me/enabled", {"enabled": True})[0] == 403
        assert not ana.ask("GET", "/api/v1/me")[1]["enabled"]
        switch(True)
        assert ana.ask("PUT", "/api/v1/me/enabled", {"enabled": False})[0] == 200
        stage.kill("again", 15)
        stage.daemon_start(label="paused")
        await_that("still paused", lambda: ana.ask("GET", "/api/v1/me")[1]["enabled"] is False)
        assert ana.ask("PUT", "/api/v1/me/enabled", {"enabled": True})[0] == 200
        await_that("goes on", lambda: ana.ask("GET", "/api/v1/me")[1]["enabled"])
    with tap.case("an app role makes an administrator of the accounts of that tenant"):
        stage.teams_control("PATCH", f"/users/{EVA}", {"app_roles": "Offhook.Operator Offhook.Viewer"})
        eva = Browser(stage)
        assert eva.microsoft(EVA) == "/"
        me = eva.ask("GET", "/api/v1/session")[1]
        assert me["grants"] == [{"account": "acme", "role": "operator"}] and me["self"] is None, me
        assert [a["name"] for a in eva.ask("GET", "/api/v1/accounts")[1]["accounts"]] == ["acme"]
        assert eva.ask("POST", "/api/v1/reload", {})[0] == 403
    with tap.case("who has neither role nor phone is nobody; who Microsoft refuses is refused"):
        assert Browser(stage).microsoft(OTHER) == "/?sign_in=nobody"
        assert Browser(stage).microsoft("absent@acme.example") == "/?sign_in=refused"
    with tap.case("another's answer, an answer twice, a changed nonce or challenge do not sign in"):
        one, two = Browser(stage), Browser(stage)
        back = urllib.parse.urlsplit(one.at_microsoft(one.ask("GET", "/signin/microsoft?login_hint=" + ANA)[2]))
        two.ask("GET", "/signin/microsoft")
        assert two.ask("GET", back.path + "?" + back.query)[2] == "/?sign_in=expired"
        assert one.ask("GET", back.path + "?" + back.query)[2] == "/"
        assert one.ask("GET", back.path + "?" + back.query)[2] == "/?sign_in=expired"
        assert Browser(stage).microsoft(ANA, lambda u: re.sub("nonce=.", "nonce=_", u)) == "/?sign_in=invalid"
        assert Browser(stage).microsoft(ANA, lambda u: re.sub("code_challenge=.", "code_challenge=_", u)) == "/?sign_in=refused"
    with tap.case("without a hint teamsim asks who one is"):
        b = Browser(stage)
        assert "Who are you?" in b.at_microsoft(b.ask("GET", "/signin/microsoft")[2])
    with tap.case("sessions are listed and can be ended from elsewhere"):
        rows = ana.ask("GET", "/api/v1/sessions")[1]["sessions"]
        assert {r["name"] for r in rows} == {ANA}, rows
        assert ana.ask("DELETE", f"/api/v1/sessions/{next(r['id'] for r in rows if r['present'])}")[0] == 200
        assert ana.ask("GET", "/api/v1/me")[0] == 401


def switched_off(tap, stage):
    with tap.case("sign_in.microsoft: no ends the sessions that came that way, and no others"):
        eva, admin = Browser(stage), Browser(stage)
        assert eva.microsoft(EVA) == "/"
        fresh = stage.offhook("password-reset", "admin").stdout.strip()
        assert admin.sign_in("admin", fresh)[0] == 200
        assert eva.ask("GET", "/api/v1/accounts")[0] == 200
        text = (stage.folder / "offhook.yaml").read_text()
        stage.write("offhook.yaml", text.replace("sign_in: { microsoft: yes }", "sign_in: { microsoft: no }"))
        stage.offhook("reload")
        await_that("signed out", lambda: eva.ask("GET", "/api/v1/accounts")[0] == 401)
        assert admin.ask("GET", "/api/v1/session")[1]["signed_in"]
        status, said, _ = Browser(stage).ask("GET", "/signin/microsoft")
        assert status == 404, (status, said)
        stage.write("offhook.yaml", text)
        stage.offhook("reload")
    with tap.case("failed sign-ins are counted and written down"):
        assert Browser(stage).sign_in("admin", "not the password")[0] == 401
        assert re.search(r'offhook_sign_ins_total{class="refused"} [1-9]', stage.metrics())
        token = stage.offhook("tokens", "add", "audit", "--role", "viewer").stdout.strip()
        await_that("it is written down", lambda: "sign-in-failed" in json.dumps(Browser(stage).ask(
            "GET", "/api/v1/audit", headers={"Authorization": f"Bearer {token}"})[1]))


ALONE = f"""\
  - name: acme
    mode: off
    teams: {{ tenant: 22222222-2222-3333-4444-555555555555, client_id: 99999999-8888-7777-6666-555555555555,
      client_secret_file: acme.secret }}
    sign_in: {{ microsoft: yes }}
    connectors:
      - {{ name: crm, type: webhook, token_file: crm.token }}
    users:
      - {{ email: {ANA}, lines: [crm/1] }}
"""


def is_for_tls_only(browser):
    """The cookies of the last answer are Secure, for this host alone, under the name that browsers hold to that."""
    for value in browser.set_cookies:
        parts = [part.strip() for part in value.split(";")]
        assert parts[0].startswith("__Host-offhook") and {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(parts), value
        assert "domain" not in value.lower(), value
    assert browser.set_cookies


def over_tls(tap):
    with Stage("sign-in-tls") as stage, tap.case("over TLS the cookie is Secure and __Host-"):
        stage.write("crm.token", "0123456789abcdef0123456789abcdef\n")
        stage.write("acme.secret", "secret\n")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "own.key", "-out", "own.crt",
                        "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
                       cwd=stage.folder, check=True, capture_output=True)
        stage.daemon_up(ALONE, wait=False, open_read="no",
                        server="  tls: { certificate_file: own.crt, key_file: own.key }\n")
        browser = Browser(stage, ca=stage.folder / "own.crt")

        def answers():
            with contextlib.suppress(OSError):
                return browser.ask("GET", "/readyz")[0] == 200
        await_that("offhookd is ready", answers)
        assert browser.sign_in("admin", first_password(stage))[0] == 200
        is_for_tls_only(browser)
        change = {"old": first_password(stage), "new": PASSWORD}
        assert browser.ask("PUT", "/api/v1/session/password", change,
                           {"Origin": f"http://127.0.0.1:{stage.port}"})[0] == 403
        assert browser.ask("PUT", "/api/v1/session/password", change)[0] == 200
        is_for_tls_only(browser)
        assert browser.ask("GET", "/api/v1/accounts")[0] == 200
        planted = {"Cookie": f"offhook={browser.cookies['__Host-offhook']}"}
        assert Browser(stage, ca=browser.ca).ask("GET", "/api/v1/accounts", headers=planted)[0] == 401


def behind_a_proxy(tap):
    public = "https://offhook.acme.example"
    with Stage("sign-in-proxy") as stage, tap.case("behind a proxy that ends TLS, server.url says who we are"):
        stage.write("crm.token", "0123456789abcdef0123456789abcdef\n")
        stage.write("acme.secret", "secret\n")
        stage.daemon_up(ALONE, open_read="no", server=f"  url: {public}\n")
        browser = Browser(stage, at=public)
        assert browser.sign_in("admin", first_password(stage))[0] == 200
        is_for_tls_only(browser)
        change = {"old": first_password(stage), "new": PASSWORD}
        assert browser.ask("PUT", "/api/v1/session/password", change, {"Origin": "https://evil.example"})[0] == 403
        assert browser.ask("PUT", "/api/v1/session/password", change)[0] == 200
        assert browser.ask("GET", "/api/v1/accounts")[0] == 200
        out = urllib.parse.urlsplit(browser.ask("GET", "/signin/microsoft")[2])
        assert urllib.parse.parse_qs(out.query)["redirect_uri"] == [public + "/signin/callback"], out
        is_for_tls_only(browser)
        assert browser.ask("GET", "/api/v1/accounts", headers={"Host": "evil.example"})[0] in (400, 403, 421)


def main():
    tap = Tap()
    with Stage("sign-in") as stage:
        stage.teams_up({ANA: "Ana", BEN: "Ben", EVA: "Eva", OTHER: "Guest"})
        daemon(stage)
        passwords(tap, stage)
        programs(tap, stage)
        microsoft(tap, stage)
        another_customer(tap, stage)
        switched_off(tap, stage)
    over_tls(tap)
    behind_a_proxy(tap)
    tap.done()


if __name__ == "__main__":
    main()
