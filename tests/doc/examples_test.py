#!/usr/bin/env python3
"""What the pages show as configuration is taken by `offhookd -n`: whoever copies an example gets no refusal.

An example shows a part: of the file, of an account, of a connector's settings, or one connector. What is around it is
added here; the files that it names are made, with something in them that will do."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap

SOURCE, BUILD = pathlib.Path(os.environ["OFFHOOK_SOURCE"]), pathlib.Path(os.environ["OFFHOOK_BUILD"])
EXAMPLE = re.compile(r"^ *```yaml\n(.*?)^ *```", re.S | re.M)
ACCOUNT = """\
  - name: acme
    teams:
      tenant: 11111111-2222-3333-4444-555555555555
      client_id: 99999999-8888-7777-6666-555555555555
      client_secret_file: acme.secret
"""
HQ = "    connectors: [{ name: hq, type: sip, server: 'sip:10.0.0.1' }]\n"
TEXTS = {"users.csv": "email,name,lines,group\n", "holidays.txt": "2026-05-14 Ascension\n", "lamps.logins": "desk a-password\n"}
FILES = re.compile(r"[\w-]+\.(?:secret|token|csv|txt|pem|crt|key|logins)\b")


def whole(example):
    """The example with what is around it."""
    def at(depth):
        return textwrap.indent(example, " " * depth)
    keys = set(re.findall(r"^(\w+):", example, re.M))
    if "accounts" in keys:
        lines_of_hq = "hq/" in example and "connectors:" not in example
        return example.replace("  - name: acme\n", ACCOUNT + (HQ if lines_of_hq else ""), 1)
    if keys & {"server", "lamps"} and "lamp_at" not in keys:  # a connector has lamps too
        return example + "accounts:\n" + ACCOUNT
    if keys & {"connectors", "policy", "users"}:
        return "accounts:\n" + ACCOUNT + at(4)
    if example.startswith("- "):
        return "server: { webhooks: 127.0.0.1:8471 }\naccounts:\n" + ACCOUNT + "    connectors:\n" + at(6)
    kind = "csta, server: 10.0.0.1" if keys & {"profiles", "lamp_at"} else "sip, server: 'sip:10.0.0.1'"
    own = textwrap.indent(f"type: {kind.split(',')[0]}\nserver:{kind.split('server:')[1]}\n" + example, " " * 8)
    return "accounts:\n" + ACCOUNT + "    connectors:\n      - name: one\n" + own


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "made.key", "-out",
                    folder / "made.crt", "-subj", "/CN=acme.example"], check=True, capture_output=True)


def checked(folder, text):
    for name in set(FILES.findall(text)):
        made = "made.key" if name.endswith(".key") else "made.crt"
        body = TEXTS.get(name) or ((folder / made).read_text() if name.endswith((".pem", ".crt", ".key")) else "a-secret-of-one-line\n")
        (folder / name).write_text(body)
        (folder / name).chmod(0o600)
    path = folder / "offhook.yaml"
    path.write_text(text)
    done = subprocess.run([BUILD / "src" / "daemon" / "offhookd", "-n", "-c", path], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def main():
    n, good = 0, True
    with tempfile.TemporaryDirectory(prefix="offhook-doc.") as scratch:
        folder = pathlib.Path(scratch)
        certificate(folder)
        for page in sorted((SOURCE / "doc").glob("*.md")):
            for found in EXAMPLE.finditer(page.read_text()):
                n += 1
                text = whole(textwrap.dedent(found[1]))
                ok, said = checked(folder, text)
                good = good and ok
                line = page.read_text()[:found.start()].count("\n") + 1
                print(f"{'ok' if ok else 'not ok'} {n} - doc/{page.name}, line {line}")
                for row in [] if ok else said.splitlines() + text.splitlines():
                    print(f"# {row}")
    print(f"1..{n}")
    return 0 if good and n else 1


if __name__ == "__main__":
    sys.exit(main())
