"""Runs a program on a terminal of its own and types when it asks.

First argument: JSON, a list of pairs [wait for this text, then type that]; the rest is the program and its arguments.
Prints JSON: the exit status, everything that appeared, and whether the terminal still shows what is typed.
"""

import json
import os
import pty
import signal
import subprocess
import sys
import termios

typed, command = json.loads(sys.argv[1]), sys.argv[2:]
END = b"\0ended "

# The terminal belongs to a process that outlives the program: when the owner of a terminal ends, the kernel throws away what was
# written just before. What that process writes at the end comes behind everything the program wrote.
process, terminal = pty.fork()
if process == 0:
    signal.signal(signal.SIGINT, lambda *_: None)
    status = subprocess.call(command)
    os.write(1, END + str(status).encode() + b".")
    signal.pause()
    os._exit(0)

seen = b""
looked_at = 0


def more():
    """Reads what has appeared; says whether the program may still write."""
    global seen
    if END in seen and seen.endswith(b"."):
        return False
    chunk = os.read(terminal, 4096)
    seen += chunk
    return bool(chunk)


for wait_for, answer in typed:
    while wait_for.encode() not in seen[looked_at:] and more():
        pass
    if END in seen:
        break
    looked_at = len(seen)
    os.write(terminal, answer.encode())
while more():
    pass
echo = bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
os.kill(process, signal.SIGKILL)
os.waitpid(process, 0)
seen, status = seen.rsplit(END, 1)
print(json.dumps({"status": int(status[:-1]), "seen": seen.decode(errors="replace"), "echo": echo}))
