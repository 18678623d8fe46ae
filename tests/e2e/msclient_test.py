#!/usr/bin/env python3
"""Microsoft's own client libraries (msal-node, microsoft-graph-client) against teamsim. Prints TAP.

A package that is missing is a failure, not a skip: tools/npm-setup fetches them, ./test calls it."""
import os
import pathlib
import subprocess
import sys

from stage import CLIENT, TENANT, Stage

HERE = pathlib.Path(__file__).resolve().parent


def main():
    if not (HERE / "node_modules" / "@azure" / "msal-node").is_dir():
        print("1..1\nnot ok 1 - the npm packages are there\n# run tools/npm-setup first")
        return 1
    with Stage("msclient") as stage:
        teams = stage.teams_up({})
        env = {k: v for k, v in os.environ.items() if k.lower() not in ("http_proxy", "https_proxy", "all_proxy")}
        env["NODE_EXTRA_CA_CERTS"] = teams["CA"]
        return subprocess.run(["node", HERE / "msclient" / "msclient.mjs", teams["LOGIN_URL"], teams["GRAPH_URL"],
                               teams["CONTROL"], TENANT, CLIENT, "e2e-secret"], env=env, timeout=600).returncode


sys.exit(main())
