#!/usr/bin/env python3
"""Both ends of a console through vhost-device-console, so that what arrives can be compared.

console.py TTY PORT OUT IN [COMMAND...]
    so many bytes from the terminal to the TCP port of the back-end, and the other way at once;
    then more from the terminal, and at once the command, which ends the device: what was written arrives all the same
console.py TTY write BYTES
    only write to the terminal, however little of it arrives

The terminal is raw. What is sent is text (the back-end ends when output is not UTF-8), in lines with numbers and random
letters, every byte of which is compared. A line that begins a run tells it from what an earlier one has left. At most
WINDOW bytes are on their way to the terminal: the back-end takes all that it can get into a queue that is slow when it is
long. They set off when something has come from there: until then it throws them away. Nothing holds up what goes the other
way but the terminal itself."""
import os
import random
import socket
import subprocess
import sys
import termios
import threading
import time
import tty

CHUNK = 65536
WINDOW = 4096
LAST = 128 * 1024
PATIENCE = 20 * int(os.environ.get("VLB_SCALE", "1"))


def fail(text):
    print(f"console.py: {text}", flush=True)
    os._exit(1)


def text(length):
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-"
    noise = bytes(random.choices(letters, k=65536))
    lines = (b"%9d %b\n" % (i, noise[i * 53 % 65000 :][:53]) for i in range(length // 64 + 1))
    return b"".join(lines)[:length]


class Direction:
    """One way: a thread that sends, one that receives and compares."""

    def __init__(self, name, sender, receiver, data, window):
        self.name = name
        self.sender = sender
        self.receiver = receiver
        self.start = b"\n==== %08x ====\n" % random.getrandbits(32)
        self.data = data
        self.sent = 0
        self.received = 0
        self.window = window
        self.moved = threading.Condition()
        self.begun = threading.Event()
        self.threads = [threading.Thread(target=f, daemon=True) for f in (self.send, self.receive)]
        for thread in self.threads:
            thread.start()

    def send(self):
        write(self.sender, self.start)
        while self.sent < len(self.data):
            with self.moved:
                self.moved.wait_for(lambda: self.sent - self.received < self.window)
            end = min(self.sent + CHUNK, self.received + self.window)
            self.sent += os.write(self.sender, self.data[self.sent : end])

    def read(self):
        got = os.read(self.receiver, 65536)
        if not got:
            fail(f"the end of {self}")
        return got

    def receive(self):
        got = b""
        while self.start not in got:
            got = got[-len(self.start) :] + self.read()
        got = got[got.index(self.start) + len(self.start) :]
        self.begun.set()
        while True:
            self.check(got)
            with self.moved:
                self.received += len(got)
                self.moved.notify_all()
            if self.received == len(self.data):
                return
            got = self.read()

    def check(self, got):
        wanted = self.data[self.received : self.received + len(got)]
        if got != wanted:
            at = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), len(wanted))
            fail(f"{self}: at byte {self.received + at} came {got[at:at + 80]}, not {wanted[at:at + 80]}")

    def done(self):
        return not any(thread.is_alive() for thread in self.threads)

    def __str__(self):
        return f"{self.name}: {self.sent} of {len(self.data)} bytes sent, {self.received} received"


def watch(directions):
    """Until all is done; fail when nothing has moved for too long."""
    last = None
    while not all(d.done() for d in directions):
        now = [(d.sent, d.received) for d in directions]
        if now != last:
            last, since = now, time.monotonic()
        elif time.monotonic() - since > PATIENCE:
            fail("waited too long: " + "; ".join(map(str, directions)))
        time.sleep(0.05)


def connect(port):
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                fail(f"nobody listens on port {port}")
            time.sleep(0.05)


def write(terminal, data):
    while data:
        data = data[os.write(terminal, data[:CHUNK]) :]


def last_words(terminal, sock, command):
    data = text(LAST)
    write(terminal, data)
    subprocess.run(command, check=True)
    got = b""
    sock.settimeout(PATIENCE)
    while len(got) < len(data) and (piece := sock.recv(65536)):
        got += piece
    if got != data:
        fail(f"of the last {len(data)} bytes {len(got)} came, or others")


def both_ways(terminal, port, out_bytes, in_bytes, *command):
    out_data, in_data = text(out_bytes), text(in_bytes)
    sock = connect(port)
    out = Direction("out", terminal, sock.fileno(), out_data, 1 << 30)
    if not out.begun.wait(PATIENCE):
        fail(f"nothing came: {out}")
    watch([out, Direction("in", sock.fileno(), terminal, in_data, WINDOW)])
    if command:
        last_words(terminal, sock, command)


def main():
    path, what, *arguments = sys.argv[1:]
    terminal = os.open(path, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(terminal, termios.TCSANOW)
    began = time.monotonic()
    if what == "write":
        write(terminal, text(int(arguments[0])))
    else:
        both_ways(terminal, int(what), int(arguments[0]), int(arguments[1]), *arguments[2:])
    print(f"{path} {' '.join(arguments[:2])}: {time.monotonic() - began:.1f} s", flush=True)
    os._exit(0)


main()
