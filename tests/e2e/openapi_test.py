#!/usr/bin/env python3
"""The API's own description: it is valid OpenAPI 3.1, and on a lively daemon every route answers as it says."""
import http.client
import json
import pathlib
import re

import jsonschema

from objects_test import ANA, BO, Api, account, q
from sign_in_test import Browser, PASSWORD, first_password
from stage import CLIENT, LIMIT_S, Socket, Stage, Tap, await_that, free_ports, http as control_http

NOT_GIVEN = ("users_file", "holidays_file",  # names of files are for offhook.yaml
             "certificate_file", "key_file")  # either these or a secret; POST .../certificate makes them
NOT_CALLED = {}  # (method, path) -> why no call of it can succeed here
SCHEMA = jsonschema.Draft202012Validator
# what an object of OpenAPI 3.1 may hold, and must (4.8 of the specification)
OBJECTS = {
    "document": ({"openapi", "info", "paths"}, {"servers", "components", "security", "tags", "externalDocs", "webhooks"}),
    "info": ({"title", "version"}, {"summary", "description", "termsOfService", "contact", "license"}),
    "license": ({"name"}, {"identifier", "url"}),
    "server": ({"url"}, {"description", "variables"}),
    "components": (set(), {"schemas", "responses", "parameters", "headers", "securitySchemes"}),
    "operation": ({"responses"}, {"operationId", "summary", "description", "parameters", "requestBody", "security", "tags"}),
    "parameter": ({"name", "in", "schema"}, {"description", "required"}),
    "requestBody": ({"content"}, {"description", "required"}),
    "response": ({"description"}, {"headers", "content"}),
    "header": ({"schema"}, {"description", "required"}),
    "media": ({"schema"}, {"example"}),
}
SCHEMES = {"http": {"type", "scheme", "description"}, "apiKey": {"type", "in", "name", "description"}}


class Structure:
    """Walks a document and names what OpenAPI 3.1 does not know."""

    def __init__(self, doc):
        self.doc, self.faults, self.ids = doc, [], []

    def fault(self, where, what):
        self.faults.append(f"{where}: {what}")

    def fields(self, where, kind, value):
        must, may = OBJECTS[kind]
        keys = {k for k in value if not k.startswith("x-")}
        if must - keys or keys - must - may:
            self.fault(where, f"lacks {must - keys}, does not know {keys - must - may}")

    def schema(self, where, value):
        for e in SCHEMA(SCHEMA.META_SCHEMA).iter_errors(value):
            self.fault(where, e.message)

    def content(self, where, content):
        for media, value in content.items():
            if not re.fullmatch(r"[\w*]+/[\w*.+-]+", media):
                self.fault(where, f"{media} is no media type")
            self.fields(where, "media", value)
            self.schema(where, value["schema"])

    def reference(self, where, ref):
        at = self.doc
        for part in ref.split("/")[1:]:
            at = at.get(part) if at else None
        if not ref.startswith("#/components/") or at is None:
            self.fault(where, f"{ref} leads nowhere")

    def response(self, where, value):
        if "$ref" in value:
            return
        self.fields(where, "response", value)
        for name, header in value.get("headers", {}).items():
            self.fields(f"{where} {name}", "header", header)
            self.schema(f"{where} {name}", header["schema"])
        self.content(where, value.get("content", {}))
        for name, event in value.get("x-offhook-events", {}).items():
            self.schema(f"{where} {name}", event)

    def operation(self, where, path, op):
        self.fields(where, "operation", op)
        self.ids.append(op["operationId"])
        for p in op["parameters"]:
            self.fields(where, "parameter", p)
            self.schema(where, p["schema"])
        names = [(p["in"], p["name"]) for p in op["parameters"]]
        if len(set(names)) != len(names) or {n for i, n in names if i == "path"} != set(re.findall(r"\{(\w+)\}", path)):
            self.fault(where, f"parameters {names}")
        if not all(p.get("required") for p in op["parameters"] if p["in"] == "path"):
            self.fault(where, "a parameter of the path is not required")
        if "requestBody" in op:
            self.fields(where, "requestBody", op["requestBody"])
            self.content(where, op["requestBody"]["content"])
        for status, value in op["responses"].items():
            if not re.fullmatch(r"[1-5](\d\d|XX)|default", status):
                self.fault(where, f"{status} is no status")
            self.response(f"{where} {status}", value)
        for way in op["security"]:
            if not set(way) <= set(self.doc["components"]["securitySchemes"]):
                self.fault(where, f"security {way}")

    def references(self, where, value):
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                self.reference(where, value["$ref"])
            for key, below in value.items():
                self.references(f"{where}/{key}", below)
        elif isinstance(value, list):
            for below in value:
                self.references(where, below)

    def walk(self):
        doc = self.doc
        self.fields("document", "document", doc)
        self.fields("info", "info", doc["info"])
        self.fields("license", "license", doc["info"]["license"])
        self.fields("components", "components", doc["components"])
        for server in doc["servers"]:
            self.fields("server", "server", server)
        for name, item in doc["webhooks"].items():
            self.operation(f"webhook {name}", name, item["post"])
        for path, item in doc["paths"].items():
            for method, op in item.items():
                if not path.startswith("/") or method not in ("get", "put", "post", "delete"):
                    self.fault(path, method)
                self.operation(f"{method} {path}", path, op)
        for group in doc["components"].values():
            for name in group:
                if not re.fullmatch(r"[\w.-]+", name):
                    self.fault("components", name)
        for name, value in doc["components"]["schemas"].items():
            self.schema(name, value)
        for name, value in doc["components"]["responses"].items():
            self.response(name, value)
        for name, value in doc["components"]["securitySchemes"].items():
            if set(value) != SCHEMES[value["type"]]:
                self.fault(name, str(set(value)))
        self.references("", doc)
        if len(set(self.ids)) != len(self.ids):
            self.fault("document", "an operationId stands twice")
        return self.faults


def valid(tap, stage):
    """The document as anybody gets it."""
    with tap.case("it is given to everybody, is OpenAPI 3.1 and made of valid schemas"):
        status, doc = control_http("GET", f"http://127.0.0.1:{stage.port}/api/v1/openapi.json")
        assert status == 200 and re.fullmatch(r"3\.1\.\d", doc["openapi"]), (status, doc)
        assert not (faults := Structure(doc).walk()), "\n".join(faults)
    with tap.case("every object of ours is closed: a field that is not described fails"):
        for name, schema in doc["components"]["schemas"].items():
            assert schema["type"] == "string" or schema["additionalProperties"] is False, name
    with tap.case("the walk finds what is wrong"):
        for wrong in ('"openapi"', '"operationId"', '"description"', '"#/components/schemas/user"', '"string"'):
            broken = json.loads(json.dumps(doc).replace(wrong, '"x"'))
            try:
                found = Structure(broken).walk()
            except KeyError as e:
                found = [e]
            assert found, wrong
    return doc


class Caller:
    """Calls through the UNIX socket, an owner of everything."""

    def __init__(self, stage):
        self.stage, self.api = stage, Api(stage)

    def __call__(self, method, path, body=None, wanted=200, **headers):
        status, got, head = self.api.ask(method, path, body, **headers)
        assert status == wanted, (method, path, status, got)
        return got, head

    def raw(self, method, target, body=None, media=None, wanted=200):
        """What is no JSON."""
        c = Socket(self.stage.folder / "api.sock")
        c.request(method, target, body, {"Content-Type": media} if media else {})
        answer = c.getresponse()
        got = answer.read()
        c.close()
        self.stage.answered(method, target, answer.status, answer.headers, got.decode(errors="replace"))
        assert answer.status == wanted, (method, target, answer.status, got[:300])
        return got


FILE_ACCOUNT = """\
  - name: acme
{teams}\
    sign_in: {{ microsoft: yes }}
    policy: {{ hours: {{ zone: Europe/Berlin, open: [mon-sun 00:00-24:00] }} }}
    groups:
      - {{ name: front, policy: {{ busy: dnd }} }}
    connectors:
      - {{ name: hq, type: sip, server: "sip:{sip};transport=tcp", username: bridge, password_file: hq.secret }}
      - {{ name: crm, type: webhook, token_file: crm.token, profile: read }}
    users:
      - {{ email: {ana}, name: Ana, lines: [hq/201, crm/1], group: front }}
      - {{ email: nobody@acme.example, lines: [hq/209] }}
"""


def set_up(stage):
    stage.teams_up({ANA: "Ana", BO: "Bo"})
    stage.write("hq.secret", "bridge-secret\n")
    stage.write("crm.token", "0123456789abcdef0123456789abcdef\n")
    stage.start("pbxsim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--phones", "4", "--username", "bridge",
                "--password-file", stage.folder / "hq.secret")
    pbx = stage.facts("pbxsim", "SIP", "CONTROL")
    stage.daemon_up(FILE_ACCOUNT.format(teams=stage.teams_yaml(), sip=pbx["SIP"], ana=ANA))
    return pbx


def events(tap, stage, change):
    with tap.case("events: what the stream tells is as described"):
        document = stage.described()
        described = document.operation("GET", "/api/v1/events")[1]["responses"]["200"]["x-offhook-events"]
        c = Socket(stage.folder / "api.sock")
        c.request("GET", "/api/v1/events?account=acme")
        stream = c.getresponse()
        stage.document.called.add(("GET", "/api/v1/events"))
        assert stream.headers["Content-Type"] == "text/event-stream"
        seen, name, changed = set(), None, False
        while not {"hello", "health", "users"} <= seen:
            line = stream.readline().decode().rstrip("\n")
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                seen.add(name)
                assert not (faults := document.faults_of(json.loads(line[6:]), described[name])), (name, faults)
                if not changed:
                    change()
                changed = True
        c.close()


def reading(tap, stage, call):
    user = f"/accounts/acme/users/{q(ANA)}"
    with tap.case("lists and single things, with every parameter"):
        for path in ("/accounts", "/users?limit=1", "/users?limit=1&after=1", f"/users?email={q(ANA)}", "/users?q=ana",
                     "/accounts/acme/users?state=busy&connector=hq", user, user + "/timeline", "/connectors",
                     "/accounts/acme/connectors/hq/lines?limit=1000&after=0", "/accounts/acme/connectors/crm/lines",
                     "/accounts/acme/matching?state=all&limit=5", "/accounts/acme/matching?state=unmatched", "/check",
                     "/setup", "/accounts/acme/setup", "/settings", "/accounts/acme/config",
                     "/accounts/acme/connectors/hq/config", "/accounts/acme/groups/front", "/accounts/acme/groups", user + "/config", "/export", "/alarms",
                     "/audit?limit=3&q=a", "/audit?account=acme", "/session", "/sessions", "/tokens", "/administrators"):
            call("GET", path)
    with tap.case("what is no JSON: metrics, a backup, the console"):
        for target in ("/metrics", "/", "/main.js", "/style/base.css"):
            call.raw("GET", target)
        call.raw("GET", "/healthz")
        call.raw("GET", "/readyz")
        etag = call("GET", "/openapi.json")[1]["ETag"]
        c = Socket(stage.folder / "api.sock")
        c.request("GET", "/api/v1/openapi.json", headers={"If-None-Match": etag})
        assert c.getresponse().status == 304
        c.close()
    with tap.case("refusals are problems as described"):
        for path, wanted in (("/accounts/absent/users", 404), ("/users?limit=x", 400), ("/users?state=odd", 400),
                             ("/history?minutes=0", 400), ("/accounts/acme/users/absent", 404), ("/me", 404),
                             ("/audit?limit=501", 400)):
            call("GET", path, wanted=wanted)


def people(tap, stage, call, pbx):
    bo, user = f"/accounts/acme/users/{q(BO)}", f"/accounts/acme/users/{q(ANA)}"
    with tap.case("people are made, switched, set, imported and removed"):
        call("PUT", bo, {"name": "Bo", "lines": ["hq/202"], "enabled": True, "teams_id": None}, 201)
        call("PUT", bo, {"name": "Bo B.", "lines": ["hq/202"]})
        await_that("Bo is there", lambda: stage.explained(BO))
        call("PUT", bo + "/profile", {"state": "away", "until": None})
        call("PUT", bo + "/profile", {"state": "available", "until": "2099-01-01T00:00:00Z"})
        call("PUT", bo + "/profile", {"state": "odd"}, 400)
        call("PUT", bo + "/enabled", {"enabled": True})
        call("POST", "/accounts/acme/users:switch", {"emails": [BO, "absent@acme.example"], "enabled": True})
        csv = "email,name,lines\ncyd@acme.example,Cyd,hq/203\nno address,,\n"
        call("POST", "/accounts/acme/users:import?dry_run=true", csv)
        call("POST", "/accounts/acme/users:import", csv)
        await_that("Cyd is there", lambda: stage.explained("cyd@acme.example"))
        taking = call("POST", "/accounts/acme/users:import?dry_run=true", "email,lines\ncyd@acme.example,hq/202\n")[0]
        assert taking["changes"][0]["takes"] == [{"line": "hq/202", "from": BO}], taking
        cyd = f"/accounts/acme/users/{q('cyd@acme.example')}"
        call("PUT", cyd + "/config", {"name": "Cyd", "lines": ["hq/203"], "group": "front", "policy": {"settle": "1s"}},
             If_Match=call("GET", cyd + "/config")[1]["ETag"])
        call("GET", cyd + "/config")
        call("PUT", cyd + "/config", {"group": "absent"}, 422, If_Match="*")
        call("PUT", user + "/config", {}, 409, If_Match="*")
        call("DELETE", cyd + "/config", wanted=428)
        call("DELETE", cyd + "/config", If_Match="*")
        call("PUT", cyd + "/config", {"lines": []}, 201)
        call("DELETE", cyd)
        call("DELETE", user, wanted=409)
    with tap.case("a call and what is asked about it"):
        control_http("POST", f"http://{pbx['CONTROL']}/call", {"from": "201", "to": "202"})
        await_that("busy", lambda: stage.explained(ANA)["session"] == "dnd")
        await_that("read back", lambda: stage.explained(ANA)["seen_pair"])
        call("GET", f"/accounts/acme/users/{q(ANA)}/timeline")
        events(tap, stage, lambda: control_http("POST", f"http://{pbx['CONTROL']}/hangup", {"phone": "201"}))
    with tap.case("reports of a webhook's lines"):
        lines = "/accounts/acme/connectors/crm/lines/1/state"
        call("POST", lines, {"state": "busy"})
        call("PUT", lines, {"state": "idle"})
        call("POST", "/accounts/acme/connectors/crm/events", {"line": "1", "state": "busy"})
        call("POST", lines, {"state": "odd"}, 422)


OTHER = "88888888-7777-6666-5555-444444444444"
POLICY = {
    "precedence": "call-first", "direction": "both", "phone_profile": "busy", "phone_profile_while": ["call"],
    "ringing": "busy", "settle": "5s", "grace": "1m", "busy": "dnd", "dnd": "preferred", "not_available": "away",
    "hours": {"zone": "Europe/Berlin", "open": ["mon-fri 08:00-17:00"], "holidays": ["12-25"], "outside": "nothing"},
    "status_text": {k: f"{k} until {{until}}" for k in ("call", "conference", "dnd", "forwarded", "voicemail", "busy", "away",
                                                       "meeting", "not_available")}}
FULL_ACCOUNT = {
    "mode": "off", "tell_absence": True, "audit_days": 30, "policy": POLICY,
    "teams": {"tenant": OTHER, "client_id": OTHER, "client_secret": "e2e-secret", "client_secret_ends": "2099-01-31", "assertion": "rs256", "cloud": "gcc-high",
              "login_url": "https://login.example", "graph_url": "https://graph.example", "quota": "100/10s",
              "quota_max": "200/10s", "rise_weight": 2, "lease": "20m", "read_back": "off", "read_back_share": 5,
              "proxy": "http://proxy.example:3128"},
    "matching": {"by": ["mail", "attribute"], "attribute": "employeeId", "refresh": "5m", "onboarding": "selected",
                 "groups": [OTHER], "exclude": ["x@acme.example"], "take": ["guest"]},
    "sign_in": {"microsoft": True, "client_id": CLIENT, "client_secret": "e2e-secret"}}
PBX = {"server": "pbx.example:1", "username": "u", "password": "bridge-secret", "tls": True}
FULL_CONNECTORS = {
    "sip": {**PBX, "server": "sip:pbx.example;transport=tls", "package": "presence", "packages": ["201=dialog", "7*=presence"],
            "lists": ["sip:all@pbx.example"],
            "profile": "both", "feature_events": True, "dnd_while": ["meeting"], "expires": "30m",
            "outstanding": 9, "first_notify": "9s"},
    "ami": {**PBX, "context": "ext-local", "lamps": True, "profile": "write", "dnd_while": ["busy"]},
    "csta": {"server": "pbx.example:1", "tls": True, "edition": "5", "session": "none", "login_element": "Login", "login_namespace": "urn:x",
             "profile_get": "Get", "profile_set": "Set/state", "profile_until": "end", "profile_at": "Event/state",
             "profiles": ["Absent=away"], "outstanding": 9, "profile": "both", "lamps": True, "lamp_at": ["7", "201=100/1"],
             "lamp_set": "Set/mode", "lamp_get": "Get", "lamp_element": "key", "lamp_states": ["dark=0", "call=1"]},
    "webhook": {"token": "a-token-of-some-length", "format": "mapped", "line_at": "/line", "state_at": "/state",
                "states": ["Busy=busy"], "call_at": "/call", "dnd_at": "/dnd", "profile_at": "/profile",
                "profiles": ["Absent=away"], "sequence_at": "/n", "time_at": "/at", "only": "/kind=line", "silence": "1h",
                "profile": "read"},
    "freeswitch": {**PBX, "username": "u@pbx.example", "profile": "read"}}


def keys_of(settings, prefix=""):
    for key, value in settings.items():
        yield prefix + key
        if isinstance(value, dict):
            yield from keys_of(value, f"{prefix}{key}.")


def every_setting(tap, stage, call):
    """Given, taken and shown: answers and requests are held against the description by Api.ask."""
    with tap.case("every key of settings.def is taken and shown as the description has it"):
        path, ca = "/accounts/full", stage.teams["CA"]
        body = json.loads(json.dumps(FULL_ACCOUNT))
        body["teams"]["ca"] = pathlib.Path(ca).read_text()
        shown = {"accounts[]": call("PUT", path + "/config", body, 201)[0]["settings"]}
        for kind, body in FULL_CONNECTORS.items():
            if body.get("tls"):
                body = {**body, "ca": pathlib.Path(ca).read_text()}
            if kind == "sip":
                body["listen"] = f"127.0.0.1:{free_ports(1)[0]}"
            got = call("PUT", f"{path}/connectors/{kind}/config", {"type": kind, **body}, 201)[0]["settings"]
            shown.setdefault("accounts[].connectors[]", {}).update(got)
        shown["accounts[].groups[]"] = call("PUT", path + "/groups/g", {"policy": {"busy": "in-a-call"}}, 201)[0]["settings"]
        seen = {f"{scope}.{key}" for scope, below in shown.items() for key in keys_of(below)}
        inside, wanted = {"accounts[].policy": "policy"}, set()
        for row in call("GET", "/settings")[0]["settings"]:
            scope = next((s for s, own in inside.items() if row["scope"].startswith(own)), None)
            where = scope + row["scope"][len(inside[scope]):] if scope else row["scope"]
            if where.split(".")[0] != "accounts[]" or row["kind"] in ("LIST", "NAME") or row["scope"] == "accounts[].users[]":
                continue
            key = f"{where}.{row['secret'] or row['key']}"
            wanted.add(key)
            assert key in seen or row["key"] in NOT_GIVEN, f"{key} is new: give it a value in FULL_ACCOUNT or FULL_CONNECTORS"
        assert len(wanted) > 80 and "policy.busy" not in wanted and "accounts[].policy.hours.zone" in wanted, wanted
    with tap.case("and goes again"):
        call("DELETE", path + "/groups/g", If_Match="*")
        for kind in FULL_CONNECTORS:
            call("DELETE", f"{path}/connectors/{kind}/config", If_Match="*")
        call("DELETE", path + "/config", If_Match="*")


def settings(tap, stage, call, pbx):
    with tap.case("settings are made and changed with their ETag"):
        own = "/accounts/own/config"
        _, head = call("PUT", own, account(stage, mode="off"), 201)
        call("PUT", own, account(stage, mode="off"))
        call("PUT", own, account(stage, mode="live"), 428)
        call("PUT", own, account(stage, mode="live"), 412, If_Match='"old"')
        call("PUT", own, account(stage, mode="off"), 412, If_None_Match="*")
        _, head = call("PUT", own, account(stage, mode="dry-run"), If_Match=head["ETag"])
        call("PUT", own, {"teams": {"tenant": "x y", "client_id": "1"}}, 422, If_Match="*")
        hq = {"type": "sip", "server": f"sip:{pbx['SIP']};transport=tcp", "username": "bridge", "password": "bridge-secret"}
        path, group = "/accounts/own/connectors/hq/config", "/accounts/own/groups/back"
        await_that("the account is there", lambda: stage.api("/accounts/own/users"))
        for made, body in ((path, hq), (group, {"policy": {"busy": "dnd", "settle": "1s"}})):
            call("PUT", made, body, 201)
            call("PUT", made, body, If_Match=call("GET", made)[1]["ETag"])
    with tap.case("a certificate is made, forgotten, made again, refused, uploaded and used"):
        path = "/accounts/own/certificate"
        call("POST", path, {})
        call("DELETE", path)
        pem = call("POST", path, {})[0]["certificate_pem"]
        call("GET", path)
        call("PUT", path, {"use": True}, 409)
        stage.teams_control("POST", f"/apps/{CLIENT}/certificates", {"certificate": pem})
        call("PUT", path, {"use": True})
        call("GET", path, wanted=404)
        call("POST", "/accounts/acme/certificate", {}, 409)
    with tap.case("whom alarms are sent to is said, tried out and taken back"):
        assert call("GET", "/alarms/config")[0]["settings"] == {}
        call("POST", "/alarms/test", {}, 409)
        nobody = f"http://127.0.0.1:{free_ports(1)[0]}/alarms"
        whom = {"least": "critical", "webhook": nobody, "webhook_secret": "e2e-secret", "smtp": "smtp://127.0.0.1:1", "smtp_username": "offhook",
                "smtp_password": "e2e-secret", "mail_from": "offhook@acme.example", "mail_to": ["ops@acme.example"]}
        call("PUT", "/alarms/config", {"webhook": "odd"}, 422)
        call("PUT", "/alarms/config", whom, 201)
        call("PUT", "/alarms/config", {**whom, "least": "info"}, 428)
        seen, head = call("GET", "/alarms/config")
        assert seen["origin"] == "console" and set(seen["settings"]) == set(whom) and "e2e-secret" not in str(seen), seen
        assert call("POST", "/alarms/test", {})[0]["targets"] == 2
        await_that("each failed", lambda: call("GET", "/alarms/sent")[0]["failed"] >= 2)
        call("PUT", "/alarms/config", {"webhook": nobody}, If_Match=head["ETag"])
        call("DELETE", "/alarms/config", If_Match="*")
        call("DELETE", "/alarms/config", If_Match="*", wanted=404)
        assert call("GET", "/alarms/config")[0]["settings"] == {}
    with tap.case("settings are removed in order"):
        for made in (group, "/accounts/own/connectors/hq/config", own):
            call("DELETE", made, wanted=428)
            call("DELETE", made, If_Match="*")
    with tap.case("a policy is tried out; the tenant and a PBX are asked"):
        call.raw("POST", "/api/v1/accounts/acme/preview", "busy: in-a-call\n", "application/yaml")
        call.raw("POST", "/api/v1/accounts/acme/preview", "busy: odd\n", "application/yaml", 422)
        call("POST", "/accounts/acme/setup/check", {})
        call("POST", "/accounts/acme/connectors/hq/test", {})
        call("POST", "/check", {"account": "acme"})
        call("POST", "/check", {"account": "absent"}, 404)
    with tap.case("a capture, the log, a reload"):
        capture = "/accounts/acme/connectors/hq/capture"
        n = call("POST", capture, {"seconds": 600})[0]["capture"]
        call("POST", capture, {"seconds": 600}, 409)
        call("POST", capture + "/next", {"capture": n, "stop": True})
        call("PUT", "/log-level", {"level": "info"})
        call("POST", "/reload", {})


def signing_in(tap, stage, call):
    with tap.case("tokens and administrators"):
        token = call("POST", "/tokens", {"name": "crm", "role": "viewer", "account": "acme", "expires": None}, 201)[0]
        call("GET", "/tokens")
        call("DELETE", f"/tokens/{token['id']}")
        call("POST", "/administrators", {"name": "eva", "grants": [{"account": "acme", "role": "owner"}]}, 201)
        call("POST", "/administrators", {"name": "eva", "grants": []}, 409)
        call("PUT", "/administrators/eva", {"grants": [{"account": "*", "role": "viewer"}]})
        call("POST", "/administrators/eva/password", {})
        call("GET", "/administrators")
        call("DELETE", "/administrators/eva")
    with tap.case("an administrator signs in, changes the password, ends another session and signs out"):
        browser, other = Browser(stage), Browser(stage)
        assert browser.sign_in("admin", "wrong")[0] == 401
        assert browser.sign_in("admin", first_password(stage))[0] == 200
        change = {"old": first_password(stage), "new": PASSWORD}
        assert browser.ask("PUT", "/api/v1/session/password", change)[0] == 200
        assert other.sign_in("admin", PASSWORD)[0] == 200
        rows = browser.ask("GET", "/api/v1/sessions")[1]["sessions"]
        gone = next(r["id"] for r in rows if not r["present"])
        assert browser.ask("DELETE", f"/api/v1/sessions/{gone}")[0] == 200
        assert browser.ask("DELETE", "/api/v1/session")[0] == 200
    with tap.case("a person signs in with Microsoft's account and sets itself"):
        ana = Browser(stage)
        assert ana.microsoft(ANA) == "/"
        assert ana.ask("GET", "/api/v1/me")[0] == 200
        assert ana.ask("PUT", "/api/v1/me/profile", {"state": "busy"})[0] == 200
        assert ana.ask("PUT", "/api/v1/me/enabled", {"enabled": False})[0] == 200
        assert ana.ask("PUT", "/api/v1/me/enabled", {"enabled": True})[0] == 200


NAMES = {"account": "acme", "email": q(ANA), "connector": "crm", "group": "front", "number": "1", "id": "absent",
         "name": "absent", "file": "absent", "folder": "style"}


def ask(stage, connection, method, path, head, body=None):
    """The status of an answer, which was held against the description."""
    connection.request(method, path, body, head)
    answer = connection.getresponse()
    text = answer.read().decode(errors="replace")
    connection.close()
    stage.answered(method, path, answer.status, answer.headers, text)
    return answer.status


def swept(stage):
    """(method, path with names that are there, operation) of every route."""
    for (method, template), op in stage.described().operations().items():
        yield method, re.sub(r"\{(\w+)\}", lambda m: NAMES[m[1]], template), op


def refusals(tap, stage, call):
    by_tcp = lambda: http.client.HTTPConnection("127.0.0.1", stage.port, timeout=LIMIT_S)
    by_socket = lambda: Socket(stage.folder / "api.sock")
    tokens = {role: call("POST", "/tokens", {"name": role, "role": role, "account": account}, 201)[0]["token"]
              for role, account in (("viewer", "acme"), ("operator", "acme"), ("owner", None))}
    bearer = lambda token: {"Authorization": f"Bearer {token}"}
    with tap.case("every route refuses a token that is none, a body that is none, too large or of another kind"):
        for method, path, op in swept(stage):
            assert ask(stage, by_tcp(), method, path, bearer("oh_none")) == 401, (method, path)
            for media in op.get("requestBody", {}).get("content", {}):
                most = int(re.search(r"At most (\d+) bytes", op["requestBody"]["description"])[1])
                # these two are answered before the body comes
                got = [ask(stage, by_socket(), method, path, {"Content-Type": "image/png", "Content-Length": "1"}),
                       ask(stage, by_socket(), method, path, {"Content-Type": media, "Content-Length": str(most + 1)}),
                       ask(stage, by_socket(), method, path, {"Content-Type": media}, b"[")]
                assert got[:2] == [415, 413], (method, path, got)
                assert got[2] in ((400, 404, 409, 412, 422, 428) if media == "application/json" else (200, 422)), (
                    method, path, got)
    with tap.case("every route refuses a role that is too small as the description has it"):
        for role, least in (("viewer", "operator"), ("operator", "owner")):
            for method, path, op in swept(stage):
                if op["x-offhook-authority"] in ("owner", least) and path != "/api/v1/events":
                    assert ask(stage, by_tcp(), method, path, bearer(tokens[role]), b"{}" if "requestBody" in op else None
                               ) == 403, (role, method, path)
    with tap.case("every reading route answers an account that is not there as the description has it"):
        for method, path, op in swept(stage):
            if method == "GET" and "/accounts/" in path:
                path = path.replace("/acme", "/absent")
                assert ask(stage, by_tcp(), method, path, bearer(tokens["owner"])) == 404, path


def at_the_end(tap, stage, call):
    with tap.case("history, when a minute has gone by"):
        await_that("a minute is known", lambda: stage.api("/history?minutes=5"))
    with tap.case("a backup and its return; everything is given back"):
        saved = call.raw("GET", "/api/v1/backup")
        call.raw("POST", "/api/v1/restore", saved, "application/vnd.sqlite3", 202)
        call.raw("POST", "/api/v1/restore", b"rubbish", "application/vnd.sqlite3", 422)
        call("POST", "/clear", {"account": "acme"})


def main():
    tap = Tap()
    with Stage("openapi") as stage:
        pbx = set_up(stage)
        call = Caller(stage)
        doc = valid(tap, stage)
        reading(tap, stage, call)
        people(tap, stage, call, pbx)
        settings(tap, stage, call, pbx)
        every_setting(tap, stage, call)
        signing_in(tap, stage, call)
        refusals(tap, stage, call)
        at_the_end(tap, stage, call)
        document = stage.described()
        with tap.case("every route of the table was called, and answered"):
            left = set(document.operations()) - document.called - set(NOT_CALLED)
            assert not left, f"never answered well: {sorted(left)}"
            assert set(NOT_CALLED) <= set(document.operations()) - document.called, "a reason that is none any more"
        with tap.case("every answer was as described"):
            assert not stage.misfits, "\n".join(stage.misfits)
        with tap.case("an answer with a field more, less or other is none"):
            judged = document.faults_of
            body = stage.api("/accounts")
            schema = {"$ref": "#/components/schemas/accounts"}
            assert not judged(body, schema)
            for change in ({"new": 1}, {"mode": "odd"}, {"users": -1}, {"name": None}):
                assert judged({"accounts": [{**body["accounts"][0], **change}]}, schema), change
            assert judged({"accounts": [{k: v for k, v in body["accounts"][0].items() if k != "held"}]}, schema)
            assert doc["paths"] == document.doc["paths"]
    tap.done()


if __name__ == "__main__":
    main()
