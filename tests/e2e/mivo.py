"""mivo.py - mivo400sim on a stage, and the smallest CSTA application that can tell whether it does its part."""
import re
import socket

from stage import await_that, http


class Mivo:
    """The simulated switch; its control API."""

    def __init__(self, stage, *args, label="mivo400sim", listen="127.0.0.1:0"):
        self.stage = stage
        stage.start("mivo400sim", "--listen", listen, "--control", "127.0.0.1:0", *args, label=label)
        facts = stage.facts(label, "CSTA", "CONTROL", "READY")
        self.address, self.api, self.tls = facts["CSTA"], facts["CONTROL"], facts.get("CSTAS")

    def get(self, path):
        status, answer = http("GET", f"http://{self.api}{path}")
        assert status == 200, (path, status, answer)
        return answer

    def post(self, path, **body):
        status, answer = http("POST", f"http://{self.api}{path}", body)
        assert status == 200, (path, body, status, answer)
        return answer

    def phone(self, number):
        return next(p for p in self.get("/phones") if p["number"] == number)

    def counters(self):
        return self.get("/counters")

    def fault(self, kind, **body):
        self.post("/fault", kind=kind, **body)

    def await_state(self, number, state):
        await_that(f"{number} is {state}", lambda: self.phone(number)["state"] == state)


class Application:
    """One link to a switch. wait() gives the next message whose root has the name, whatever comes before it."""

    def __init__(self, address, wrap=None):
        host, port = address.rsplit(":", 1)
        self.s = socket.create_connection((host, int(port)), timeout=120)
        if wrap:
            self.s = wrap(self.s)
        self.rest, self.invoke = b"", 0

    def more(self):
        part = self.s.recv(65536)
        if not part:
            raise EOFError("the switch closed the link")
        self.rest += part

    def next(self):
        while len(self.rest) < 8 or len(self.rest) < int.from_bytes(self.rest[2:4], "big"):
            self.more()
        n = int.from_bytes(self.rest[2:4], "big")
        assert self.rest[:2] == b"\0\0" and n > 8, self.rest[:40]
        head, xml, self.rest = self.rest[4:8], self.rest[8:n], self.rest[n:]
        return int(head), xml.decode()

    def send(self, xml, invoke):
        body = xml.encode()
        self.s.sendall(b"\0\0" + (len(body) + 8).to_bytes(2, "big") + f"{invoke:04d}".encode() + body)

    def ask(self, xml):
        self.invoke += 1
        self.send(xml, self.invoke)
        while True:
            invoke, answer = self.next()
            if invoke == self.invoke:
                return answer

    def wait(self, name):
        while True:
            invoke, xml = self.next()
            if re.search(rf"<(\w+:)?{name}[ >/]", xml):
                return invoke, xml

    def log_in(self, user, password, element="SessionLoginInfo"):
        return self.ask(f"""<?xml version="1.0"?><StartApplicationSession
xmlns="http://www.ecma-international.org/standards/ecma-354/appl_session"><applicationInfo><applicationID>test</applicationID>
<applicationSpecificInfo><v:{element} xmlns:v="urn:test"><v:userName>{user}</v:userName><v:password>{password}</v:password>
</v:{element}></applicationSpecificInfo></applicationInfo></StartApplicationSession>""")

    def monitor(self, device):
        return self.ask(f"<MonitorStart><monitorObject><deviceObject>{device}</deviceObject></monitorObject></MonitorStart>")

    def closed(self):
        try:
            while True:
                self.next()
        except (EOFError, ConnectionError):
            return True
