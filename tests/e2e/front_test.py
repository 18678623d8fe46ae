#!/usr/bin/env python3
"""Debian's nginx in front of the stand-in for Graph: HTTP/2 is offered, and 429 comes before the body is read.

nginx's own log is the judge: what it answered is what the daemon must have counted, answer by answer."""
import concurrent.futures
import re
import shutil
import signal
import subprocess

from stage import Stage, Tap, await_that, free_ports

PEOPLE = [f"p{n:02}@acme.example" for n in range(60)]
FIRST = PEOPLE[0]


class Front:
    def __init__(self, stage):
        self.stage = stage
        self.port, = free_ports(1)
        self.folder = stage.folder / "nginx"
        self.folder.mkdir()
        self.certificate()
        (self.folder / "nginx.conf").write_text(f"""\
user root;
daemon off;
worker_processes 2;
pid {self.folder}/pid;
error_log {self.folder}/error.log notice;
events {{ worker_connections 256; }}
http {{
  log_format short '$server_protocol $request_method $status $uri';
  access_log {self.folder}/access.log short;
  {" ".join(f"{k}_temp_path {self.folder}/{k};" for k in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))}
  server {{
    listen 127.0.0.1:{self.port} ssl http2;
    ssl_certificate {self.folder}/front.crt;
    ssl_certificate_key {self.folder}/front.key;
    location / {{
      set $early "${{request_method}}no";
      if (-f {self.folder}/early) {{ set $early "${{request_method}}yes"; }}
      if ($uri !~ "(Presence|batch)$") {{ set $early no; }}
      if ($early = POSTyes) {{ add_header Retry-After 1 always; return 429; }}
      proxy_pass {stage.teams['GRAPH_URL'].split('/v1.0')[0]};
      proxy_ssl_verify off;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
    }}
  }}
}}
""")
        stage.start(shutil.which("nginx") or "/usr/sbin/nginx", "-p", self.folder, "-e", self.folder / "error.log",
                    "-c", self.folder / "nginx.conf", label="nginx")
        await_that("nginx is up", lambda: (self.folder / "pid").read_text().strip())

    def certificate(self):
        """Signed by itself; the daemon trusts it and the stand-in's CA, in one file."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=front",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.folder / "front.key", "-out",
                        self.folder / "front.crt"], check=True, capture_output=True)
        both = open(self.stage.teams["CA"]).read() + (self.folder / "front.crt").read_text()
        self.stage.teams["CA"] = str(self.stage.write("both.pem", both))

    def refuse(self, on):
        """No reload, which would break kept connections: a request is unsure then, and rightly so."""
        (self.folder / "early").touch() if on else (self.folder / "early").unlink()

    def reload(self):
        """Returns when new workers serve and the old ones, with their connections, are gone."""
        def workers():
            pid = self.stage.programs["nginx"].pid
            return set(open(f"/proc/{pid}/task/{pid}/children").read().split())
        old = workers()
        self.stage.programs["nginx"].send_signal(signal.SIGHUP)
        await_that("nginx has changed over", lambda: len(workers()) == 2 and not workers() & old)

    def answered(self, pattern):
        log = (self.folder / "access.log").read_text()
        return len(re.findall(rf"^{pattern}", log, re.M))


def metric(stage, name):
    return float(re.search(rf"^offhook_graph_{name}{{[^}}]*}} (\S+)$", stage.metrics(), re.M).group(1))


PARTS_MAX = 20  # of a batch, by Graph's rule
BATCH = r"\S+ POST 429 \S*batch$"


def configure(stage, front, mode):
    users = "".join(f"      - {{ email: {e}, lines: [hq/{201 + n}] }}\n" for n, e in enumerate(PEOPLE))
    stage.write("hq.secret", "bridge-secret\n")
    stage.start("pbxsim", "--listen", "127.0.0.1:0", "--phones", len(PEOPLE), "--username", "bridge",
                "--password-file", stage.folder / "hq.secret")
    server = stage.facts("pbxsim", "SIP")["SIP"]
    stage.teams["GRAPH_URL"] = re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{front.port}", stage.teams["GRAPH_URL"])
    return f"  - name: acme\n    mode: {mode}\n{stage.teams_yaml()}" \
           f"    connectors:\n      - {{ name: hq, type: sip, server: \"sip:{server};transport=tcp\", " \
           f"username: bridge, password_file: hq.secret }}\n    users:\n{users}"


def reload_as(stage, front, mode):
    text = (stage.folder / "offhook.yaml").read_text()
    stage.write("offhook.yaml", re.sub(r"mode: \S+", f"mode: {mode}", text))
    stage.offhook("reload")


def everybody(stage, state):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda e: stage.offhook("set", e, state), PEOPLE))


def seen(stage):
    return {u["email"]: u["availability"] for u in stage.teams_control("GET", "/state")["users"]}


def all_are(stage, wanted):
    return lambda: all(seen(stage)[e] == wanted for e in PEOPLE)


def throttle(stage, front, tap, what, wanted, change):
    """change() makes all sixty differ from Teams while every presence request is refused early."""
    front.refuse(True)
    refused_batches = front.answered(BATCH)
    refused, unsure, throttled = front.answered(r"\S+ POST 429"), metric(stage, "unsure_total"), metric(stage, "throttled_total")
    with tap.case(f"{what} under an early 429: the gate closes, every refusal is seen as one"):
        before = seen(stage)
        change()
        await_that("the gate is closed", lambda: metric(stage, "gate_closed") == 1)
        await_that("several rounds were refused", lambda: front.answered(r"\S+ POST 429") >= refused + 5)
        assert seen(stage) == before, "nothing can have come through"
        front.refuse(False)
        await_that(f"everybody is {wanted}", all_are(stage, wanted))
        count, batches = front.answered(r"\S+ POST 429") - refused, front.answered(BATCH) - refused_batches
        await_that("the gate is open", lambda: metric(stage, "gate_closed") == 0)
        # one by one; where answers are slow some go in batches, and each of one's parts was refused
        counted = metric(stage, "throttled_total") - throttled
        assert count <= counted <= count + batches * (PARTS_MAX - 1), (counted, count, batches)
        assert metric(stage, "unsure_total") == unsure, (metric(stage, "unsure_total"), unsure)


def main():
    tap = Tap()
    if not (shutil.which("nginx") or shutil.which("/usr/sbin/nginx")):
        tap.skip("nginx in front of Graph", "nginx is not installed")
        return tap.done()
    with Stage("front") as stage:
        stage.teams_up({e: e for e in PEOPLE})
        front = Front(stage)
        stage.daemon_up(configure(stage, front, "live"))
        with tap.case("changes arrive through the front"):
            stage.offhook("set", FIRST, "busy")
            await_that("busy", lambda: seen(stage)[FIRST] == "Busy")
            stage.offhook("set", FIRST, "available")
            await_that("cleared", lambda: seen(stage)[FIRST] == "Offline")
            assert front.answered(r"\S+ POST 200") >= 2
        with tap.case("look-ups take HTTP/2 where it is offered, presence stays on HTTP/1.1"):
            assert front.answered("HTTP/2.0 GET 200") > 0
            assert front.answered("HTTP/1.1 POST 200") > 0 and front.answered("HTTP/2.0 POST") == 0
        reload_as(stage, front, "dry-run")
        everybody(stage, "busy")
        throttle(stage, front, tap, "sixty turn busy at once", "Busy", lambda: reload_as(stage, front, "live"))
        throttle(stage, front, tap, "sixty are given back one by one", "Offline", lambda: everybody(stage, "available"))
        with tap.case("after a reload of nginx, which ends every kept connection, changes arrive"):
            front.reload()
            stage.offhook("set", FIRST, "away")
            await_that("away", lambda: seen(stage)[FIRST] == "Away")
    tap.done()


if __name__ == "__main__":
    main()
