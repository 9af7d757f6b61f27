"""Runs a command on a terminal of its own, as its foreground job. What comes on standard input is typed there, what the
command prints is copied to standard output. Exits with the command's code, or 128 and the number of the signal that ended
it. Ending this program closes the terminal, which is as wide as TERMINAL_COLUMNS says."""

import fcntl
import os
import pty
import select
import struct
import sys
import termios

columns = int(os.environ.get("TERMINAL_COLUMNS", "100"))
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
sources = [0, terminal]
while terminal in sources:
    for source in select.select(sources, [], [])[0]:
        try:
            data = os.read(source, 4096)
        except OSError:  # How Linux says that nobody has the terminal open any more.
            data = b""
        if not data:
            sources.remove(source)
        elif source == terminal:
            os.write(1, data)
        else:
            os.write(terminal, data)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(code if code >= 0 else 128 - code)
