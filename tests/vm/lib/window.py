"""window.py TTY: the size of its window, "ROWS COLUMNS", now and after each SIGWINCH. Afterwards it is what a program with
this controlling terminal sees."""
import fcntl
import os
import signal
import struct
import sys
import termios

signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])
os.setsid()
terminal = os.open(sys.argv[1], os.O_RDWR)
fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
while True:
    rows, columns, _, _ = struct.unpack("4H", fcntl.ioctl(terminal, termios.TIOCGWINSZ, bytes(8)))
    print(rows, columns, flush=True)
    signal.sigwait([signal.SIGWINCH])
