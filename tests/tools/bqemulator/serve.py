"""Runs bqemulator on a port of its own, prints its address, and ends with its standard input."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

tools = sys.argv[1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


rest, grpc = free_port(), free_port()
program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "emulator.py")
command = [sys.executable, program, "start", "--rest-port", str(rest), "--grpc-port", str(grpc)]
command += ["--ephemeral", "--project", "acme", "--log-level", "error"]
environment = dict(os.environ, HOME=os.path.join(tools, "home"), OTEL_SDK_DISABLED="true")
server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
address = f"http://127.0.0.1:{rest}/bigquery/v2"
try:
    # It loads a hundred modules before it listens, longer on a machine that is busy.
    for _ in range(1200):
        try:
            urllib.request.urlopen(address + "/projects/acme/datasets", timeout=10).close()
            print(address, flush=True)
            break
        except (urllib.error.URLError, OSError):
            if server.poll() is not None:
                sys.exit("bqemulator does not start")
            time.sleep(0.1)
    sys.stdin.read()
finally:
    server.terminate()
