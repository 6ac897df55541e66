#!/usr/bin/env python3
# Both ends of a console through vhost-device-console, in one process, so that what arrives can be compared.
#
#   console.py TTY PORT out BYTES    from the terminal here to the TCP port of the back-end
#   console.py TTY PORT in BYTES     the other way
#   console.py TTY PORT both BYTES   both at once
#
# The terminal is raw. What is sent is text (the back-end ends when output is not UTF-8), in lines with numbers and
# random letters. At most WINDOW bytes are on their way to the terminal: the back-end takes all that it can get into a
# queue that is slow when it is long.
import os
import random
import select
import socket
import sys
import termios
import time
import tty

CHUNK = 4096
WINDOW = 4096
PATIENCE = 20 * int(os.environ.get("VLB_SCALE", "1"))


def fail(text):
    sys.exit(f"console.py: {text}")


def text(length):
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-"
    noise = "".join(random.choices(letters, k=65536))
    lines = []
    size = 0
    while size < length:
        start = random.randrange(len(noise) - 60)
        line = f"{len(lines):8} {noise[start:start + 54]}\n"
        lines.append(line)
        size += len(line)
    return "".join(lines)[:length].encode()


class Direction:
    def __init__(self, name, sender, receiver, length, window):
        self.name = name
        self.sender = sender
        self.receiver = receiver
        self.data = text(length)
        self.sent = 0
        self.received = 0
        self.window = window

    def may_send(self):
        return self.sent < len(self.data) and self.sent - self.received < self.window

    def send(self):
        end = min(self.sent + CHUNK, self.received + self.window)
        try:
            self.sent += os.write(self.sender, self.data[self.sent : end])
        except BlockingIOError:
            pass

    def receive(self):
        try:
            got = os.read(self.receiver, 65536)
        except BlockingIOError:
            return
        wanted = self.data[self.received : self.received + len(got)]
        if not got:
            fail(f"{self.name}: the end after {self.received} of {len(self.data)} bytes")
        if got != wanted:
            at = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), len(wanted))
            fail(f"{self.name}: at byte {self.received + at} came {got[at:at + 40]}, not {wanted[at:at + 40]}")
        self.received += len(got)

    def __str__(self):
        return f"{self.name}: {self.sent} of {len(self.data)} bytes sent, {self.received} received"


def transfer(directions):
    while any(d.received < len(d.data) for d in directions):
        readers = [d for d in directions if d.received < len(d.data)]
        writers = [d for d in directions if d.may_send()]
        readable, writable, _ = select.select(
            [d.receiver for d in readers], [d.sender for d in writers], [], PATIENCE
        )
        if not readable and not writable:
            fail("waited too long: " + "; ".join(map(str, directions)))
        for d in writers:
            if d.sender in writable:
                d.send()
        for d in readers:
            if d.receiver in readable:
                d.receive()


def connect(port):
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                fail(f"nobody listens on port {port}")
            time.sleep(0.05)


def main():
    path, port, mode, length = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    terminal = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(terminal, termios.TCSANOW)
    sock = connect(port)
    sock.setblocking(False)
    out = Direction("out", terminal, sock.fileno(), length, 1 << 30)
    into = Direction("in", sock.fileno(), terminal, length, WINDOW)
    began = time.monotonic()
    transfer({"out": [out], "in": [into], "both": [out, into]}[mode])
    print(f"{path} {mode}: {length} bytes, {time.monotonic() - began:.1f} s")


main()
