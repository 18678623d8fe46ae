"""watcher.py - a watcher of presence of its own, in a few lines: what anyone else at the PBX sees."""
import re
import socket
import uuid

from phones import digest
from stage import await_that


class Watcher:
    """A watcher of one number's presence or dialog, over UDP: what anyone else sees."""

    def __init__(self, pbx, number, user, password, event="presence"):
        host, port = pbx.split(":")
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((host, int(port)))
        self.socket.settimeout(0.1)
        self.body = None
        self.event = event
        self.uri, self.call_id = f"sip:{number}@{pbx}", uuid.uuid4().hex
        self.me = f"sip:{user}@{host}:{self.socket.getsockname()[1]}"
        self.subscribe(1)
        answer = self.await_answer()
        self.subscribe(2, digest(answer, user, password, "SUBSCRIBE", self.uri) or "")
        answer = self.await_answer()
        assert answer.split()[1] in ("200", "202"), answer

    def subscribe(self, cseq, authorization=""):
        text = (f"SUBSCRIBE {self.uri} SIP/2.0\r\nVia: SIP/2.0/UDP {self.me.split('@')[1]};"
                f"branch=z9hG4bK{uuid.uuid4().hex}\r\nMax-Forwards: 70\r\nFrom: <{self.me}>;tag=w\r\n"
                f"To: <{self.uri}>\r\nCall-ID: {self.call_id}\r\nCSeq: {cseq} SUBSCRIBE\r\nEvent: {self.event}\r\n"
                f"Accept: {'application/pidf+xml' if self.event == 'presence' else 'application/dialog-info+xml'}\r\nContact: <{self.me}>\r\nExpires: 3600\r\n{authorization}"
                "Content-Length: 0\r\n\r\n")
        self.socket.send(text.encode())

    def take(self):
        """One message, NOTIFYs answered; an answer is returned."""
        try:
            text = self.socket.recv(65536).decode(errors="replace")
        except TimeoutError:
            return None
        if not text.startswith("NOTIFY"):
            return text
        head, _, body = text.partition("\r\n\r\n")
        kept = [l for l in head.split("\r\n")[1:] if re.match(r"(Via|From|To|Call-ID|CSeq):", l, re.I)]
        self.socket.send(("SIP/2.0 200 OK\r\n" + "\r\n".join(kept) + "\r\nContent-Length: 0\r\n\r\n").encode())
        self.body = body
        return None

    def await_answer(self):
        return await_that("an answer to SUBSCRIBE", self.take)

    def sees(self, pattern):
        """Does the last document match? Takes what has come since."""
        self.take()
        return self.body is not None and re.search(pattern, self.body, re.S) is not None

    def close(self):
        self.socket.close()
