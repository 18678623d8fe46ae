"""watchers.py - SIP watchers of lamps: many dialogs over one UDP socket or one TCP connection, digest included.

Written against the RFCs (3261, 6665, 8760), not against Offhook; knows nothing of its source. As a phone does, they
answer at any time, in a thread of their own: who leaves a NOTIFY unanswered for half a minute is taken for dead."""
import hashlib
import re
import select
import socket
import ssl
import threading
import time

from stage import LIMIT_S


def header(text, *names):
    for name in names:
        found = re.search(rf"^{name}\s*:\s*(.*?)\r$", text, re.M | re.I)
        if found:
            return found.group(1).strip()
    return ""


class Dialog:
    def __init__(self, host, target, event, n):
        self.host, self.target, self.event = host, target, event
        self.call_id = f"w{n}-{time.monotonic_ns():x}@watcher"
        self.tag = f"t{n:x}"
        self.remote_tag = ""
        self.cseq = 0
        self.status = 0
        self.expires = 0
        self.state = ""       # confirmed, terminated, or the PIDF note
        self.versions = []
        self.notifies = 0
        self.substate = ""
        self.contact = ""
        self.retry = None
        self.heard = ""

    @property
    def lit(self):
        return self.state not in ("", "terminated")


class Watchers:
    """target: (host, port). login: (name, password) or None."""

    def __init__(self, target, login=None, transport="udp", algorithm=None, mute=False, ca=None):
        self.target, self.login, self.transport, self.algorithm, self.mute = target, login, transport, algorithm, mute
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self.socket = socket.socket(socket.AF_INET, kind)
        if transport == "udp":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
            self.socket.bind(("127.0.0.1", 0))
        else:
            self.socket.connect(target)
        if transport == "tls":
            context = ssl.create_default_context(cafile=ca)
            context.check_hostname = False
            self.socket = context.wrap_socket(self.socket)
        self.own = self.socket.getsockname()
        self.socket.setblocking(False)
        self.dialogs, self.stream, self.branch = {}, b"", 0
        self.challenge, self.nc, self.nonces = None, 0, 0
        self.odd = []
        self.ended, self.fault = False, None
        self.lock = threading.RLock()  # held while anything above or a dialog changes
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def close(self):
        self.ended = True
        self.thread.join()
        self.socket.close()

    def listen(self):
        try:
            while not self.ended:
                if self.pending() or select.select([self.socket], [], [], 0.05)[0]:
                    with self.lock:
                        self.read()
        except Exception as e:  # told by run()
            self.fault = e

    def pending(self):
        """TLS has read more than it has given."""
        return self.transport == "tls" and self.socket.pending()

    def send(self, text):
        data = text.encode()
        if self.transport == "udp":
            self.socket.sendto(data, self.target)
        else:
            self.socket.setblocking(True)
            self.socket.sendall(data)
            self.socket.setblocking(False)

    # ---- asking ----

    def new(self, target, event):
        with self.lock:
            d = Dialog(self.own[0], target, event, len(self.dialogs))
            self.dialogs[d.call_id] = d
            return d

    def subscribe(self, target, event="dialog", expires=3600, dialog=None, extra="", uri=None):
        with self.lock:
            d = dialog or self.new(target, event)
            d.asked, d.uri, d.extra = expires, uri or d.contact or f"sip:{target}", extra
            d.status = 0
            self.request(d)
            return d

    def request(self, d):
        with self.lock:
            self.ask(d)

    def ask(self, d):
        self.branch += 1
        d.cseq += 1
        name = self.login[0] if self.login else "phone"
        to = f"<sip:{d.target}>" + (f";tag={d.remote_tag}" if d.remote_tag else "")
        self.send(f"SUBSCRIBE {d.uri} SIP/2.0\r\n"
                  f"Via: SIP/2.0/{self.transport.upper()} {self.own[0]}:{self.own[1]};branch=z9hG4bKw{self.branch};rport\r\n"
                  f"Max-Forwards: 70\r\nFrom: <sip:{name}@watcher>;tag={d.tag}\r\nTo: {to}\r\nCall-ID: {d.call_id}\r\n"
                  f"CSeq: {d.cseq} SUBSCRIBE\r\nContact: <sip:phone@{self.own[0]}:{self.own[1]};transport={self.transport}>\r\n"
                  f"Event: {d.event}\r\nExpires: {d.asked}\r\n{self.credentials(d.uri)}{d.extra}Content-Length: 0\r\n\r\n")

    def credentials(self, uri):
        if not self.challenge:
            return ""
        realm, nonce, algorithm, opaque = self.challenge
        self.nc += 1
        name, password = self.login

        def h(s):
            return (hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5)(s.encode()).hexdigest()
        nc = f"{self.nc:08x}"
        response = h(f"{h(f'{name}:{realm}:{password}')}:{nonce}:{nc}:c0:auth:{h(f'SUBSCRIBE:{uri}')}")
        return (f'Authorization: Digest username="{name}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
                f'response="{response}", algorithm={algorithm}, cnonce="c0", qop=auth, nc={nc}'
                + (f', opaque="{opaque}"' if opaque else "") + "\r\n")

    # ---- hearing ----

    def run(self, until, limit_s=LIMIT_S):
        """Waits until the condition holds; True when it does."""
        end = time.monotonic() + limit_s
        while True:
            with self.lock:
                if until():
                    return True
            if self.fault:
                raise self.fault
            if time.monotonic() > end:
                return False
            time.sleep(0.02)

    def read(self):
        for _ in range(200):
            try:
                data = self.socket.recv(65536)
            except (BlockingIOError, ssl.SSLWantReadError):
                return
            except OSError:
                data = b""
            if self.transport == "udp":
                if data:
                    self.take(data.decode())
                continue
            if not data:
                self.ended = True
                return
            self.stream += data
            self.cut()

    def cut(self):
        while b"\r\n\r\n" in self.stream:
            head, _, rest = self.stream.partition(b"\r\n\r\n")
            n = int(header(head.decode() + "\r\n", "Content-Length", "l") or 0)
            if len(rest) < n:
                return
            self.stream = rest[n:]
            self.take((head + b"\r\n\r\n" + rest[:n]).decode())

    def take(self, text):
        d = self.dialogs.get(header(text, "Call-ID", "i"))
        if not d:
            self.odd.append(text)
        elif text.startswith("SIP/2.0"):
            self.take_answer(d, text)
        elif text.startswith("NOTIFY"):
            self.take_notify(d, text)
        else:
            self.odd.append(text)

    def take_answer(self, d, text):
        status = int(text.split()[1])
        if not header(text, "CSeq").startswith(f"{d.cseq} "):
            return
        if status == 401 and self.login:
            fields = [dict(re.findall(r'(\w+)="?([^",]*)"?', c)) for c in
                      re.findall(r"^WWW-Authenticate: Digest (.*?)\r$", text, re.M)]
            chosen = next((f for f in fields if f["algorithm"] == self.algorithm), fields[0])
            known = self.challenge and self.challenge[1]
            fresh = chosen.get("stale") == "true" or not known
            if fresh or d.retry != chosen["nonce"] and not getattr(d, "tried", False):
                self.challenge, self.nc = (chosen["realm"], chosen["nonce"], chosen["algorithm"],
                                            chosen.get("opaque")), 0
                self.nonces += 1
                d.retry, d.tried = chosen["nonce"], not fresh
                self.request(d)
                return
        d.status, d.answer, d.tried = status, text, False
        if status == 200:
            d.expires = int(header(text, "Expires"))
            d.remote_tag = re.search(r"tag=([^;\s]+)", header(text, "To")).group(1)
            d.contact = re.search(r"<(.*)>", header(text, "Contact")).group(1)

    def take_notify(self, d, text):
        if self.mute:
            d.notifies += 1
            return
        answer = "SIP/2.0 200 OK\r\n" + "".join(
            f"{n}: {header(text, n)}\r\n" for n in ("Via", "From", "To", "Call-ID", "CSeq")) + "Content-Length: 0\r\n\r\n"
        self.send(answer)
        if header(text, "CSeq") == d.heard:
            return  # a copy: we were slow to answer
        d.heard = header(text, "CSeq")
        d.notifies += 1
        d.notify = text
        d.substate = header(text, "Subscription-State")
        version = re.search(r'version="(\d+)"', text)
        if version:
            d.versions.append(int(version.group(1)))
            d.state = re.search(r"<state>(.*?)</state>", text).group(1)
        else:
            note = re.search(r"<dm:note>(.*?)</dm:note>", text)
            d.state = note.group(1) if note else "terminated"
