"""freeswitch.py - a stand-in for FreeSWITCH's event socket, of a few lines of Python.

Written from FreeSWITCH's documentation and from what mod_event_socket.c, switch_channel.c and sofia_reg.c write; no
real FreeSWITCH was at hand. It keeps a table of channels and registrations, answers `show`, and sends events as plain
text. What it cannot show: that a real one does the same."""
import contextlib
import json
import socket
import socketserver
import threading
import urllib.parse


def frame(kind, body="", **head):
    lines = [f"Content-Type: {kind}"] + [f"{k.replace('_', '-')}: {v}" for k, v in head.items()]
    if body:
        lines.insert(0, f"Content-Length: {len(body.encode())}")
    return ("\n".join(lines) + "\n\n" + body).encode()


class FreeSwitch:
    def __init__(self, password="ClueCon", user=None, port=0):
        self.password, self.user = password, user
        self.channels, self.registered = {}, set()
        self.denied, self.rude, self.deaf, self.lag = set(), False, False, []
        self.sessions, self.commands, self.lock = [], [], threading.Lock()
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError):
                    outer.serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.make = lambda port: Server(("127.0.0.1", port), Handler)
        self.up(port)

    def up(self, port=None):
        self.server = self.make(self.port if port is None else port)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def down(self, polite=True):
        """Ends as a daemon does: no new connections, the old ones closed, with or without a word."""
        self.server.shutdown()
        self.server.server_close()
        with self.lock:
            sessions, self.sessions = self.sessions, []
        for s in sessions:
            with contextlib.suppress(OSError):
                if polite:
                    s.sendall(frame("text/disconnect-notice", "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"))
                s.shutdown(socket.SHUT_RDWR)
            s.close()

    # ---- one connection ----

    def serve(self, s):
        if self.rude:
            s.sendall(frame("text/rude-rejection", "Access Denied, go away.\n"))
            return
        s.sendall(frame("auth/request"))
        got, known = b"", False
        while True:
            while b"\n\n" not in got:
                more = s.recv(65536)
                if not more:
                    return
                got += more
            command, got = got.split(b"\n\n", 1)
            if self.deaf:
                continue
            known = self.answer(s, command.decode().strip(), known)
            if known is None:
                return

    def answer(self, s, command, known):
        word, _, rest = command.partition(" ")
        if word in ("auth", "userauth"):
            good = command == (f"userauth {self.user}:{self.password}" if self.user else f"auth {self.password}")
            s.sendall(frame("command/reply", Reply_Text="+OK accepted" if good else "-ERR invalid"))
            if good:
                return True
            s.sendall(frame("text/disconnect-notice", "Disconnected, goodbye.\n"))
            return None
        self.commands.append(command)
        if not known:
            s.sendall(frame("command/reply", Reply_Text="-ERR command not found"))
        elif word == "event":
            s.sendall(frame("command/reply", Reply_Text="+OK event listener enabled plain"))
            with self.lock:
                self.sessions.append(s)
        elif word == "api" and rest.split()[0] in self.denied or rest in self.denied:
            s.sendall(frame("command/reply", Reply_Text="-ERR permission denied"))
        elif word == "api":
            with self.lock:
                s.sendall(frame("api/response", self.api(rest)))
        else:
            s.sendall(frame("command/reply", Reply_Text="-ERR command not found"))
        return known

    def api(self, text):
        if text == "show channels as json":
            rows = list(self.channels.values()) + self.lag
        elif text == "show registrations as json":
            rows = [{"reg_user": r.split("@")[0], "realm": r.split("@")[1], "token": "t", "url": f"sofia/internal/sip:{r}"}
                    for r in sorted(self.registered)]
        else:
            return "UP 0 years, 0 days, 0 hours\n"
        return json.dumps({"row_count": len(rows), **({"rows": rows} if rows else {})}) + "\n"

    # ---- what happens on it ----

    def event(self, name, **head):
        lines = [f"Event-Name: {name}", "Core-UUID: 1", "FreeSWITCH-Hostname: pbx"]
        lines += [f"{k}: {urllib.parse.quote(str(v), safe='')}" for k, v in head.items()]
        body = "\n".join(lines) + "\n\n"
        with self.lock:
            for s in self.sessions:
                with contextlib.suppress(OSError):
                    s.sendall(frame("text/event-plain", body))

    def channel(self, uuid, who, direction, state, tell=True):
        """tell=False: it happens while nobody is connected, or the event gets lost."""
        with self.lock:
            if state == "HANGUP":
                self.channels.pop(uuid, None)
            else:
                self.channels[uuid] = {"uuid": uuid, "direction": direction, "name": f"sofia/internal/{who}",
                                       "callstate": state, "presence_id": who, "application": ""}
        if tell:
            self.event("CHANNEL_CALLSTATE", **{"Unique-ID": uuid, "Call-Direction": direction, "Channel-Name": f"sofia/internal/{who}",
                                               "Original-Channel-Call-State": "DOWN", "Channel-Call-State": state,
                                               "Channel-Call-State-Number": "0", "Channel-Presence-ID": who})

    def device(self, who, state):
        self.event("DEVICE_STATE", **{"Device-ID": who, "Last-Device-State": "DOWN", "Device-State": state})

    def presence(self, who, rpid, status):
        self.event("PRESENCE_IN", **{"proto": "sip", "login": who, "from": who, "rpid": rpid, "status": status,
                                     "event_type": "presence"})

    def register(self, who, on=True):
        user, host = who.split("@")
        with self.lock:
            (self.registered.add if on else self.registered.discard)(who)
        if on:
            self.event("CUSTOM", **{"Event-Subclass": "sofia::register", "from-user": user, "from-host": host})
        else:
            self.event("CUSTOM", **{"Event-Subclass": "sofia::expire", "user": user, "host": host})

    def garbage(self, data):
        with self.lock:
            for s in self.sessions:
                with contextlib.suppress(OSError):
                    s.sendall(data)
