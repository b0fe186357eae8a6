"""Runs a program on a terminal of its own and types when it asks.

First argument: JSON, a list of pairs [wait for this text, then type that]; the rest is the program and its arguments.
Prints JSON: the exit status, everything that appeared, and whether the terminal still shows what is typed.
"""

import json
import os
import pty
import sys
import termios

typed, command = json.loads(sys.argv[1]), sys.argv[2:]
process, terminal = pty.fork()
if process == 0:
    os.execvp(command[0], command)

seen = b""
looked_at = 0


def more():
    """Reads what has appeared; says whether anybody can still write."""
    global seen
    try:
        chunk = os.read(terminal, 4096)
    except OSError:
        return False
    seen += chunk
    return bool(chunk)


for wait_for, answer in typed:
    while wait_for.encode() not in seen[looked_at:] and more():
        pass
    looked_at = len(seen)
    try:
        os.write(terminal, answer.encode())
    except OSError:
        break
while more():
    pass
_, status = os.waitpid(process, 0)
echo = bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
print(json.dumps({"status": os.waitstatus_to_exitcode(status), "seen": seen.decode(errors="replace"), "echo": echo}))
