#!/usr/bin/env python3
"""5,000 watchers of 1,000 people stay right through a crash of Offhook: who was in a meeting before, who
went in or out while it was down, and who does so afterwards."""
import time

from stage import LIMIT_S, Stage, Tap, await_that, free_ports, note
from watchers import Watchers

PEOPLE, EACH = 1000, 5
EVENTS = ("dialog", "dialog", "dialog", "presence", "dialog")


def email(i):
    return f"u{i}@acme.example"


def up(stage):
    stage.write("crm.token", "quite-a-long-token-1\n")
    stage.write("lamps.logins", "pbx secret\n")
    stage.write("users.csv", "email,name,lines,enabled\n" + "".join(
        f"{email(i)},,crm/{2000 + i},yes\n" for i in range(PEOPLE)))
    stage.sip, = free_ports(1)
    stage.daemon_up(f"""\
  - name: acme
{stage.teams_yaml("      read_back: 1s" + chr(10))}\
    policy: {{ direction: to-phones }}
    connectors:
      - {{ name: crm, type: webhook, token_file: crm.token }}
    users_file: users.csv
""", top=f"""\
lamps: {{ listen: "127.0.0.1:{stage.sip}", logins_file: lamps.logins }}
""")


def ask(w, todo):
    """SUBSCRIBEs a hundred at a time; what gets no answer is asked again, as a phone does."""
    end = time.monotonic() + LIMIT_S
    while todo and time.monotonic() < end:
        for at in range(0, len(todo), 100):
            batch = todo[at:at + 100]
            for target, event, d in batch:
                w.subscribe(target, event, dialog=d, uri=f"sip:{target}")
            w.run(lambda: all(d.status for _, _, d in batch), 2)
        todo = [t for t in todo if t[2].status != 200]
    assert not todo, f"{len(todo)} without an answer, {todo[0][2].status}"


def wrong(dialogs, busy):
    return [d for i, group in enumerate(dialogs) for d in group if d.lit != (i in busy)]


def right(w, dialogs, busy, what):
    begun = time.monotonic()
    good = w.run(lambda: not wrong(dialogs, busy))
    note(f"{what}: {time.monotonic() - begun:.1f} s")
    assert good, f"{what}: {len(wrong(dialogs, busy))} lamps are wrong"


def switch(stage, people, state):
    for i in people:
        stage.client(email(i), state)


def figure(stage, name):
    return next((int(l.split()[-1]) for l in stage.metrics().splitlines() if l.startswith(name + " ")), 0)


def main():
    tap = Tap()
    with Stage("lampload") as stage:
        stage.teams_up({email(i): email(i) for i in range(PEOPLE)})
        up(stage)
        w = Watchers(("127.0.0.1", stage.sip), ("pbx", "secret"))
        dialogs = [[] for _ in range(PEOPLE)]
        busy = set(range(0, 300))
        with tap.case(f"{PEOPLE * EACH} watchers of {PEOPLE} people are taken and told"):
            begun = time.monotonic()
            await_that("everybody is found", lambda: stage.explained(email(PEOPLE - 1))["lamp"] == "dark")
            todo = []
            first = w.subscribe(f"2000@127.0.0.1:{stage.sip}", uri=f"sip:2000@127.0.0.1:{stage.sip}")
            assert w.run(lambda: first.status == 200), first.status
            for i in range(PEOPLE):
                for k in range(EACH):
                    target = f"{2000 + i}@127.0.0.1:{stage.sip}"
                    d = first if i == k == 0 else w.new(target, EVENTS[k])
                    dialogs[i].append(d)
                    if d is not first:
                        todo.append((target, EVENTS[k], d))
            ask(w, todo)
            assert w.run(lambda: all(d.notifies for g in dialogs for d in g))
            note(f"subscribed within {time.monotonic() - begun:.1f} s, {w.nonces} challenges")
        with tap.case("300 meetings begin"):
            switch(stage, busy, "meeting")
            right(w, dialogs, busy, "300 meetings, 1,500 lamps")
        with tap.case("memory per watcher is below the stated figure"):
            n = figure(stage, 'offhook_lamp_watchers{class="bytes"}')
            note(f"{n / (PEOPLE * EACH):.0f} bytes a watcher")
            assert 0 < n / (PEOPLE * EACH) < 1280, n
        with tap.case("after a crash all are right, those that changed meanwhile too, and nobody subscribed again"):
            await_that("kept", lambda: stage.stored("watchers") == PEOPLE * EACH)
            stage.kill("offhookd")
            switch(stage, range(0, 150), "active")
            switch(stage, range(500, 600), "meeting")
            busy = set(range(150, 300)) | set(range(500, 600))
            asked = w.branch
            stage.daemon_start()
            right(w, dialogs, busy, "right after the crash")
            assert w.branch == asked
        with tap.case("changes after it reach all"):
            switch(stage, range(150, 300), "active")
            busy -= set(range(150, 300))
            right(w, dialogs, busy, "150 meetings end, 750 lamps")
            assert all(a < b for g in dialogs for d in g for a, b in zip(d.versions, d.versions[1:]) if a != b)
        with tap.case("every dialog is known: a sample refreshes"):
            sample = [g[i % EACH] for i, g in enumerate(dialogs) if i % 10 == 0]
            ask(w, [(d.target, d.event, d) for d in sample])
        w.close()
    tap.done()


if __name__ == "__main__":
    main()
