#!/usr/bin/env python3
"""The quota holds where it counts: at Graph, in every window of arrivals, however slowly requests get there.

A proxy between offhookd and the stand-in takes a second for every new connection and once in a while keeps what is
under way, cuts the daemon's side and hands the rest on afterwards: requests arrive long after their connection is
gone. 200 people begin calls at once against a quota of 100 in ten seconds."""
import re
import socket
import threading
import time

from restart_test import all_call, pbxsim_up
from stage import Stage, Tap, await_that

PEOPLE, QUOTA, WINDOW_S = 200, 100, 10
REQUEST_MIN = 200  # octets: less is the end of a connection that was not needed any more


class Joined:
    """A connection through the proxy: its far side, how often the talk has turned, and what is kept of it."""
    def __init__(self, far):
        self.far, self.turns, self.last, self.kept = far, 0, None, None

    def heard(self, side):
        self.turns, self.last = self.turns + (side is not self.last), side

    def through(self):  # hello, hello, finished, finished or answered: what the daemon sends from now on are requests
        return self.turns >= 4

    def request(self):
        return self.kept is not None and len(self.kept) >= REQUEST_MIN


class SlowProxy:
    def __init__(self, target):
        host, port = target.rsplit("/", 1)[-1].rsplit(":", 1)
        self.target, self.open, self.lock = (host, int(port)), {}, threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            threading.Thread(target=self.join, args=(near,), daemon=True).start()

    def join(self, near):
        time.sleep(1)  # the slow network itself, not a wait for somebody
        far = socket.create_connection(self.target)
        joined = self.open[near] = Joined(far)
        threading.Thread(target=self.pump, args=(joined, near, far), daemon=True).start()
        self.pump(joined, far, near)

    def pump(self, joined, source, drain):
        try:
            while data := source.recv(65536):
                with self.lock:
                    joined.heard(source)
                    kept = drain is joined.far and joined.kept is not None
                    joined.kept = joined.kept + data if kept else joined.kept
                if not kept:
                    drain.sendall(data)
        except OSError:
            pass
        if not joined.request():  # else its far side is still to get it
            for s in (source, drain):
                self.open.pop(s, None)
                s.close()

    def keep(self):
        """Keeps what the daemon sends over connections that are through, and says whether it has sent any."""
        with self.lock:
            for joined in self.open.values():
                joined.kept = b"" if joined.kept is None and joined.through() else joined.kept
            return any(joined.request() for joined in self.open.values())

    def cut(self):
        """Closes the daemon's side of what keeps a request, lets the rest go on; returns what is to be handed on."""
        with self.lock:
            late = {near: joined for near, joined in self.open.items() if joined.request()}
            for near in late:
                self.open.pop(near)
                near.shutdown(socket.SHUT_RDWR)
            for joined in self.open.values():
                joined.kept = joined.kept or None
        return late

    @staticmethod
    def hand_on(late):
        """What was kept arrives now, at the end of a connection whose beginning is gone."""
        for near, joined in late.items():
            joined.far.sendall(joined.kept)
            joined.far.shutdown(socket.SHUT_WR)
            near.close()


def cut_under_way(stage, proxy):
    """Requests that are under way arrive after the daemon has seen their connections cut."""
    def unsure():
        return sum(int(n) for n in re.findall(r"^offhook_graph_unsure_total{.*} (\d+)$", stage.metrics(), re.M))
    before = unsure()
    await_that("a request is under way", proxy.keep)
    late = proxy.cut()
    await_that("the cut is seen", lambda: unsure() > before)
    proxy.hand_on(late)


def main():
    tap = Tap()
    with Stage("window") as stage:
        proxies = []

        def behind_proxy(settings):
            proxies.append(SlowProxy(stage.teams["GRAPH_URL"]))
            return settings.replace(f"graph_url: {stage.teams['GRAPH_URL']}", f"graph_url: {proxies[0].url}")

        plain, stage.teams_yaml = stage.teams_yaml, lambda extra="": behind_proxy(plain(extra))
        emails, control = pbxsim_up(stage, PEOPLE, f"      quota: {QUOTA}/{WINDOW_S}s\n"
                                    f"      quota_max: {QUOTA}/{WINDOW_S}s\n")  # nothing more is tried
        stage.teams_control("POST", "/limiter", {"shape": "sliding", "quota": QUOTA, "window_ms": WINDOW_S * 1000})
        busy = lambda: sum(u["availability"] == "Busy" for u in stage.teams_control("GET", "/state")["users"])
        with tap.case("everybody becomes busy, over a slow network whose connections are cut"):
            all_call(control, emails)
            for share in (0.5, 0.65, 0.8):  # half of them: the first window was used up before anything is cut
                await_that(f"{share:.0%} are busy", lambda: busy() >= PEOPLE * share)
                cut_under_way(stage, proxies[0])
            await_that("all are busy", lambda: busy() == PEOPLE)
        counters = stage.teams_control("GET", "/counters")
        with tap.case("no window of arrivals held more than 0.98 of the quota, nobody was throttled"):
            assert counters["presence_peak"] <= QUOTA * 98 // 100, counters
            assert counters["throttled"] == 0 and "429" not in counters["status"], counters
        with tap.case("what was cut arrived late and was sent again"):
            assert counters["requests"]["setPresence"] >= PEOPLE + 3, counters
        with tap.case("and the window was used"):
            assert counters["presence_peak"] >= QUOTA * 9 // 10, counters
        with tap.case("when nobody has sent for a window, status says so"):
            await_that("nothing in the window", lambda: "offhook_graph_sent_in_window" in stage.metrics() and all(
                line.endswith(" 0") for line in stage.metrics().splitlines()
                if line.startswith("offhook_graph_sent_in_window")))
    tap.done()


if __name__ == "__main__":
    main()
