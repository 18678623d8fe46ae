#!/usr/bin/env python3
"""The quota holds where it counts: at Graph, in every window of arrivals, however slowly requests get there.

A proxy between offhookd and the stand-in takes a second for every new connection and cuts all of them once in a
while, each time while requests lie unread before a stand-in that stands still: they arrive long after their
connection is gone. 200 people begin calls at once against a quota of 100 in ten seconds."""
import re
import signal
import socket
import threading
import time

from restart_test import all_call, pbxsim_up
from stage import Stage, Tap, await_that

PEOPLE, QUOTA, WINDOW_S = 200, 100, 10


class SlowProxy:
    def __init__(self, target):
        host, port = target.rsplit("/", 1)[-1].rsplit(":", 1)
        self.target, self.open = (host, int(port)), set()
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
        self.open |= {near, far}
        threading.Thread(target=self.pump, args=(near, far), daemon=True).start()
        self.pump(far, near)

    def pump(self, source, drain):
        try:
            while data := source.recv(65536):
                drain.sendall(data)
        except OSError:
            pass
        for s in (source, drain):
            self.open.discard(s)
            s.close()

    def cut(self):
        for s in list(self.open):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def cut_unread(stage, proxy):
    """Requests that are under way arrive after the daemon has seen their connections cut. One on a connection that is
    not through yet is not there to be cut: the next ones are."""
    def metric(name):
        return sum(int(n) for n in re.findall(rf"^offhook_graph_{name}{{.*}} (\d+)$", stage.metrics(), re.M))
    stage.programs["teamsim"].send_signal(signal.SIGSTOP)
    try:
        await_that("requests are under way", lambda: metric("in_flight") > 0)
        before = metric("unsure_total")

        def seen():
            proxy.cut()
            return metric("unsure_total") > before
        await_that("the cut is seen", seen)
    finally:
        stage.programs["teamsim"].send_signal(signal.SIGCONT)


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
                cut_unread(stage, proxies[0])
            await_that("all are busy", lambda: busy() == PEOPLE)
        counters = stage.teams_control("GET", "/counters")
        with tap.case("no window of arrivals held more than 0.98 of the quota, nobody was throttled"):
            assert counters["presence_peak"] <= QUOTA * 98 // 100, counters
            assert counters["throttled"] == 0 and "429" not in counters["status"], counters
        with tap.case("and the window was used"):
            assert counters["presence_peak"] >= QUOTA * 9 // 10, counters
        with tap.case("when nobody has sent for a window, status says so"):
            await_that("nothing in the window", lambda: "offhook_graph_sent_in_window" in stage.metrics() and all(
                line.endswith(" 0") for line in stage.metrics().splitlines()
                if line.startswith("offhook_graph_sent_in_window")))
    tap.done()


if __name__ == "__main__":
    main()
