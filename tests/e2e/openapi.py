"""openapi.py - holds answers of the API against the document that the daemon gives of itself.

The judge of schemas is Debian's python3-jsonschema. Another python3 than Debian's does not see it: then the test
begins anew with Debian's."""
import json
import os
import re
import sys
import urllib.parse

try:
    import jsonschema
except ImportError:
    DEBIANS = "/usr/bin/python3"
    if sys.executable == DEBIANS or not os.access(DEBIANS, os.X_OK) or not sys.argv[0]:
        raise SystemExit("Bail out! python3-jsonschema is missing: tools/setup test installs it") from None
    os.execv(DEBIANS, [DEBIANS, *sys.argv])

JSON = ("application/json", "application/problem+json")
# refused before the route is looked at, or for a reason that none is without
ANYWHERE = (405, 421, 431, 500, 502, 503, 504, 507)
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def formats():
    checker = jsonschema.FormatChecker(formats=())
    checker.checkers = {"date-time": (lambda v: not isinstance(v, str) or bool(INSTANT.fullmatch(v)), ())}
    return checker


class Document:
    def __init__(self, doc):
        self.doc, self.called, self.validators, self.seen = doc, set(), {}, set()
        # concrete paths stand above patterns: as many characters outside of {} as possible
        self.templates = sorted(((re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(t))), t) for t in doc["paths"]),
                                key=lambda pair: -len(re.sub(r"\{\w+\}", "", pair[1])))

    def operations(self):
        return {(method.upper(), path): op for path, item in self.doc["paths"].items() for method, op in item.items()}

    def operation(self, method, path):
        """(template, operation), or (None, None)"""
        for pattern, template in self.templates:
            if pattern.fullmatch(path):
                item = self.doc["paths"][template]
                return (template, item[method.lower()]) if method.lower() in item else (None, None)
        return None, None

    def faults_of(self, value, schema):
        """What does not fit, in words."""
        key = json.dumps(schema, sort_keys=True)
        if key not in self.validators:
            whole = {"allOf": [schema], "components": self.doc["components"]}
            self.validators[key] = jsonschema.Draft202012Validator(whole, format_checker=formats())
        return [f"at {'/'.join(map(str, e.absolute_path)) or '.'}: {e.message[:400]}"
                for e in self.validators[key].iter_errors(value)]

    def response(self, op, status):
        found = op["responses"].get(str(status))
        if not found and status in ANYWHERE:
            found = op["responses"]["default"]
        while found and "$ref" in found:
            for part in found["$ref"].split("/")[1:]:
                found = self.doc if part == "#" else (found if part != "components" else self.doc)[part]
        return found

    def judge(self, method, target, status, head, text, sent=None):
        """What about the answer is not as described; head: its header fields; sent: the body that was asked with, when
        that was JSON."""
        path, _, query = target.partition("?")
        template, op = self.operation("GET" if method == "HEAD" else method, path)
        if not op:
            return [] if status in (400, 404, 405, 421) else [f"{method} {path}: {status}, and no such route"]
        where = f"{method} {template}: {status}"
        if status < 400:
            self.called.add((method, template))
        known = hash((where, text, repr(sent)))
        if known in self.seen:
            return []
        self.seen.add(known)
        response = self.response(op, status)
        if response is None:
            return [f"{where} is not described: {text[:300]}"]
        faults = [f"{where}: header {h} is missing" for h in response.get("headers", {})
                  if h not in head and h != "Set-Cookie"]  # not where nobody was signed in
        faults += self.of_query(op, query, status) if status < 400 else []
        faults += self.of_body(response, head, text, status)
        if sent is not None and status < 300:
            schema = op["requestBody"]["content"]["application/json"]["schema"]
            faults += [f"the request {f}" for f in self.faults_of(sent, schema)]
        return [f if f.startswith(where) else f"{where}: {f}" for f in faults]

    def of_query(self, op, query, status):
        described = {p["name"]: p for p in op["parameters"] if p["in"] == "query"}
        return [f"parameter {name} is not described" for name, _ in urllib.parse.parse_qsl(query)
                if name not in described and op["operationId"] != "microsoft_back"]

    def of_body(self, response, head, text, status):
        media = (head.get("Content-Type") or "").split(";")[0]
        content = response.get("content", {})
        if not content:
            return [f"a body that is not described: {text[:100]}"] if text else []
        if media not in content and "*/*" not in content:
            return [f"{media} instead of {list(content)}"]
        if media not in JSON or "*/*" in content:
            return []
        try:
            value = json.loads(text)
        except ValueError:
            return [f"no JSON: {text[:100]}"]
        return self.faults_of(value, content[media]["schema"])
