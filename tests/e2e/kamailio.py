"""kamailio.py - a real Kamailio for one test, through tests/peers/kamailio."""
import os
import shlex
import subprocess

from stage import PEERS, free_ports

START = PEERS / "kamailio" / "start.sh"
STOP = PEERS / "kamailio" / "stop.sh"


class Kamailio:
    def __init__(self, stage, **settings):
        sip, sips = free_ports(2)
        self.env = {**os.environ, "PEER_KAMAILIO_RUN": str(stage.folder / "kamailio"), "SIP_PORT": str(sip),
                    "SIPS_PORT": str(sips), **settings}
        stage.undo.append(self.stop)
        self.start()

    def start(self):
        done = subprocess.run([START], env=self.env, capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise AssertionError(f"kamailio: {done.stderr[-2000:]}")
        for word in shlex.split(done.stdout):
            key, _, value = word.partition("=")
            setattr(self, key.lower(), value)

    def stop(self):
        subprocess.run([STOP], env=self.env, check=False, timeout=300)

    @staticmethod
    def password(number):
        return f"phone-{number}"
