"""watcher.py - a watcher of presence of its own, in a few lines: what anyone else at the PBX sees."""
import contextlib
import re
import socket
import threading
import uuid

from phones import digest
from stage import await_that


class Watcher:
    """A watcher of one number's presence or dialog, over UDP: what anyone else sees. It answers NOTIFYs in a thread of
    its own, whatever the test is at: the PBX gives up a watcher that does not."""

    def __init__(self, pbx, number, user, password, event="presence"):
        host, port = pbx.split(":")
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((host, int(port)))
        self.socket.settimeout(0.2)
        self.body, self.heard, self.answers, self.closed = None, 0, {}, False
        self.event = event
        self.uri, self.call_id = f"sip:{number}@{pbx}", uuid.uuid4().hex
        self.me = f"sip:{user}@{host}:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()
        answer = self.subscribe(1)
        answer = self.subscribe(2, digest(answer, user, password, "SUBSCRIBE", self.uri) or "")
        assert answer.split()[1] in ("200", "202"), answer

    def subscribe(self, cseq, authorization=""):
        """The answer; asked again, with the same branch, until there is one, for a datagram may be lost."""
        text = (f"SUBSCRIBE {self.uri} SIP/2.0\r\nVia: SIP/2.0/UDP {self.me.split('@')[1]};"
                f"branch=z9hG4bK{uuid.uuid4().hex}\r\nMax-Forwards: 70\r\nFrom: <{self.me}>;tag=w\r\n"
                f"To: <{self.uri}>\r\nCall-ID: {self.call_id}\r\nCSeq: {cseq} SUBSCRIBE\r\nEvent: {self.event}\r\n"
                f"Accept: {'application/pidf+xml' if self.event == 'presence' else 'application/dialog-info+xml'}\r\n"
                f"Contact: <{self.me}>\r\nExpires: 3600\r\n{authorization}Content-Length: 0\r\n\r\n").encode()
        asked = 0

        def answered():
            nonlocal asked
            if asked % 20 == 0:  # once a second
                self.socket.send(text)
            asked += 1
            return self.answers.get(cseq)
        return await_that("an answer to SUBSCRIBE", answered)

    def listen(self):
        while not self.closed:
            with contextlib.suppress(OSError):  # nothing has come, or nobody listens there at the moment
                self.take(self.socket.recv(65536).decode(errors="replace"))

    def take(self, text):
        """A NOTIFY is answered, and kept unless it is an old one once more; of answers to us the final one is kept."""
        head, _, body = text.partition("\r\n\r\n")
        cseq = int(re.search(r"(?im)^CSeq: *(\d+)", head).group(1))
        if not text.startswith("NOTIFY"):
            if int(text.split()[1]) >= 200:
                self.answers[cseq] = text
            return
        kept = [l for l in head.split("\r\n")[1:] if re.match(r"(Via|From|To|Call-ID|CSeq):", l, re.I)]
        self.socket.send(("SIP/2.0 200 OK\r\n" + "\r\n".join(kept) + "\r\nContent-Length: 0\r\n\r\n").encode())
        if cseq > self.heard:
            self.body, self.heard = body, cseq

    def sees(self, pattern):
        """Does the last document match?"""
        body = self.body
        return body is not None and re.search(pattern, body, re.S) is not None

    def close(self):
        self.closed = True
        self.thread.join()
        self.socket.close()
