"""phones.py - phones for the end-to-end tests: sipp plays them, this starts, talks and hangs up."""
import hashlib
import re
import socket
import subprocess
import time
import uuid

from stage import LIMIT_S, PEERS, await_that, free_ports

SIPP = PEERS / "sipp"


class Phones:
    """Phones that hang on one PBX; `login` gives a number's password."""

    def __init__(self, stage, pbx, login):
        self.stage, self.pbx, self.login = stage, pbx, login
        self.calls = {}

    def sipp(self, scenario, *args, wait=True):
        command = ["sipp", *args, "-sf", SIPP / scenario, "-m", 1, "-i", "127.0.0.1", "-nostdin", "-max_retrans", 30]
        process = subprocess.Popen([str(c) for c in command], cwd=self.stage.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if wait and process.wait(LIMIT_S):
            raise AssertionError(f"sipp {scenario}: {process.stderr.read()[-600:]}")
        return process

    def register(self, number, contact_port):
        port, = free_ports(1)
        self.sipp("register.xml", self.pbx, "-s", number, "-au", number, "-ap", self.login(number),
                  "-p", port, "-key", "cport", contact_port)

    def call(self, caller, callee, ring_ms=200):
        """caller dials callee, who answers; returns when sipp has been started, not when they talk."""
        answer_port, talk_port = free_ports(2)
        answer = self.sipp("phone-answers.xml", "-p", answer_port, "-d", ring_ms, wait=False)
        self.register(callee, answer_port)
        call_id = f"talk-{uuid.uuid4().hex[:12]}"
        talk = self.sipp("phone-talks.xml", self.pbx, "-s", callee, "-key", "from", caller, "-au", caller,
                         "-ap", self.login(caller), "-p", talk_port, "-cid_str", call_id, wait=False)
        self.calls[caller] = (call_id, talk_port, talk, answer)

    def hang_up(self, caller):
        """Asks the caller's sipp to say BYE, once both talk: before, it would take the word for an error. Repeated until
        it has heard, for a datagram may be lost."""
        call_id, port, talk, answer = self.calls.pop(caller)
        talking = [self.stage.folder / f"{call_id}.{who}" for who in ("caller", "callee")]
        await_that(f"{caller} talks", lambda: all(p.exists() for p in talking) or talk.poll() or answer.poll())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            via = s.getsockname()[1]
            text = (f"MESSAGE sip:{caller}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{via};"
                    f"branch=z9hG4bK{call_id}\r\nFrom: <sip:test@127.0.0.1>;tag=1\r\nTo: <sip:{caller}@127.0.0.1>;"
                    f"tag=2\r\nCall-ID: {call_id}\r\nCSeq: 9 MESSAGE\r\nContent-Length: 0\r\n\r\n")

            def over():
                if talk.poll() is None:
                    s.sendto(text.encode(), ("127.0.0.1", port))
                return talk.poll() is not None and answer.poll() is not None
            await_that(f"{caller} hangs up", over)
        if talk.returncode or answer.returncode:
            raise AssertionError(f"sipp: caller {talk.returncode} {talk.stderr.read()[-300:]}, "
                                 f"callee {answer.returncode} {answer.stderr.read()[-300:]}")

    def down(self):
        for _, _, *programs in self.calls.values():
            for program in programs:
                program.kill()
                program.wait()
        self.calls.clear()


def digest(answer, user, password, method, uri):
    """The header that answers a challenge, None when there is none (RFC 2617, MD5, qop auth)."""
    challenge = re.search(r"^(Proxy|WWW)-Authenticate: Digest (.*)$", answer, re.M | re.I)
    if not challenge:
        return None
    fields = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge.group(2)))
    md5 = lambda t: hashlib.md5(t.encode()).hexdigest()
    a1, a2 = md5(f"{user}:{fields['realm']}:{password}"), md5(f"{method}:{uri}")
    response = md5(f"{a1}:{fields['nonce']}:00000001:abc:auth:{a2}")
    name = "Proxy-Authorization" if challenge.group(1).lower() == "proxy" else "Authorization"
    return (f'{name}: Digest username="{user}", realm="{fields["realm"]}", nonce="{fields["nonce"]}", '
            f'uri="{uri}", response="{response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="abc"\r\n')


def publish(pbx, number, password, event, content_type, body, expires=60):
    """One PUBLISH (RFC 3903) with digest log-in over UDP; returns the final status."""
    return publish_over(pbx, number, password, event, content_type, body, expires)[0]


def publish_over(pbx, number, password, event, content_type, body, expires=60, tag=""):
    """The same in the place of the publication that had the entity tag; returns status and the new tag."""
    match = f"SIP-If-Match: {tag}\r\n" if tag else ""
    host, port = pbx.split(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect((host, int(port)))
        s.settimeout(0.5)
        uri, call_id = f"sip:{number}@{pbx}", uuid.uuid4().hex

        def ask(cseq, authorization=""):
            text = (f"PUBLISH {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{s.getsockname()[1]};"
                    f"branch=z9hG4bK{uuid.uuid4().hex}\r\nMax-Forwards: 70\r\nFrom: <{uri}>;tag=p\r\nTo: <{uri}>\r\n"
                    f"Call-ID: {call_id}\r\nCSeq: {cseq} PUBLISH\r\nEvent: {event}\r\nExpires: {expires}\r\n"
                    f"{match}{authorization}Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n{body}")
            asked = 0.0

            def answered():
                nonlocal asked
                if time.monotonic() - asked > 1:  # for a datagram may be lost
                    s.send(text.encode())
                    asked = time.monotonic()
                answer = s.recv(65536).decode(errors="replace")
                # an answer to the request before may come twice, when that was sent twice
                return answer if re.search(rf"(?im)^CSeq: *{cseq} ", answer) else None
            return await_that("an answer to PUBLISH", answered)
        answer = ask(1)
        credentials = digest(answer, number, password, "PUBLISH", uri)
        if credentials:
            answer = ask(2, credentials)
        etag = re.search(r"^SIP-ETag: *(\S+)", answer, re.M | re.I)
        return int(answer.split()[1]), etag.group(1) if etag else ""
