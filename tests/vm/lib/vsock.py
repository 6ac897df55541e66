#!/usr/bin/env python3
# Both ends of vsock connections through vhost-device-vsock, in one process, so that what arrives can be compared.
#
#   vsock.py out SOCKET PORT CONNECTIONS BYTES    from AF_VSOCK here to SOCKET_PORT
#   vsock.py in SOCKET PORT CONNECTIONS BYTES     from SOCKET, by "connect PORT", to AF_VSOCK here
#   vsock.py hold SOCKET PORT CONNECTIONS         as both, and keep them open until the device has gone: each end of
#                                                 AF_VSOCK must be told by ECONNRESET, each other end by its end
#
# All connections are open at once, and on each both ends send BYTES of their own at the same time. Then one end closes,
# in turns this one and that one, and the other must see the end of the stream, and not a byte more. (The back-end
# takes the end of one direction for the end of both, so there is no shutdown() of one.)
import errno
import hashlib
import os
import random
import selectors
import socket
import sys
import time

CHUNK = 65536
PATIENCE = 20 * int(os.environ.get("VLB_SCALE", "1"))


def fail(text):
    sys.exit(f"vsock.py: {text}")


class End:
    """One end of a connection: what it has still to send, and the digest of what it got."""

    def __init__(self, name, sock):
        self.name = name
        self.sock = sock
        self.to_send = b""
        self.received = 0
        self.digest = hashlib.sha256()
        self.ended = False
        sock.setblocking(False)

    def send_some(self):
        try:
            self.to_send = self.to_send[self.sock.send(self.to_send[:CHUNK]) :]
        except BlockingIOError:
            return

    def receive_some(self):
        try:
            data = self.sock.recv(CHUNK)
        except BlockingIOError:
            return
        self.ended = not data
        self.received += len(data)
        self.digest.update(data)


def wait(selector, what):
    events = selector.select(PATIENCE)
    if not events:
        fail(f"waited too long: {what()}")
    return events


def pump(ends, length):
    """Until every end has sent what it has to send, and received so many bytes."""
    selector = selectors.DefaultSelector()

    def wanted(end):
        return (selectors.EVENT_WRITE if end.to_send else 0) | (
            selectors.EVENT_READ if end.received < length else 0
        )

    def state():
        return ", ".join(f"{end.name}: {len(end.to_send)} to send, {end.received} received" for end in ends if wanted(end))

    for end in ends:
        selector.register(end.sock, wanted(end), end)
    while selector.get_map():
        for key, mask in wait(selector, state):
            end = key.data
            try:
                if mask & selectors.EVENT_WRITE:
                    end.send_some()
                if mask & selectors.EVENT_READ:
                    end.receive_some()
            except OSError as error:
                fail(f"{end.name}: {error}; {state()}")
            if end.ended:
                fail(f"{end.name}: the stream has ended; {state()}")
            if not wanted(end):
                selector.unregister(end.sock)
            elif wanted(end) != key.events:
                selector.modify(end.sock, wanted(end), end)


def close(pairs):
    """One end of each, and the other must see it."""
    for number, pair in enumerate(pairs):
        closing, other = pair if number & 1 else pair[::-1]
        closing.sock.close()
        other.sock.settimeout(PATIENCE)
        try:
            data = other.sock.recv(CHUNK)
        except OSError as error:
            fail(f"{other.name}, after {closing.name} was closed: {error}")
        if data:
            fail(f"{other.name} received {len(data)} bytes too many")
        other.sock.close()


def exchange(pairs, length):
    """Random bytes of its own from each end of each pair to the other."""
    expected = []
    for pair in pairs:
        for sender, receiver in (pair, pair[::-1]):
            sender.to_send = random.randbytes(length)
            expected.append((receiver, hashlib.sha256(sender.to_send).digest()))
    began = time.monotonic()
    pump([end for pair in pairs for end in pair], length)
    for end, digest in expected:
        if end.received != length:
            fail(f"{end.name} received {end.received} of {length} bytes")
        if end.digest.digest() != digest:
            fail(f"{end.name} received other bytes than were sent")
    return time.monotonic() - began


def start(sock, connect, address, what):
    """Connect, however long the list of those that wait to be accepted is."""
    deadline = time.monotonic() + PATIENCE
    sock.settimeout(PATIENCE)
    while True:
        try:
            connect(address)
            return sock
        except (ConnectionResetError, BlockingIOError) as error:
            if time.monotonic() > deadline:
                fail(f"{what}: {error}")
            time.sleep(0.05)


def listen(family, address):
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.bind(address)
    listener.listen(256)
    listener.settimeout(PATIENCE)
    return listener


def connect_out(path, port, count):
    """Pairs (vsock, unix)"""
    address = f"{path}_{port}"
    if os.path.exists(address):
        os.unlink(address)
    listener = listen(socket.AF_UNIX, address)
    pairs = []
    for number in range(count):
        sock = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
        start(sock, sock.connect, (socket.VMADDR_CID_HOST, port), "connect")
        peer, _ = listener.accept()
        pairs.append((End(f"out {number} vsock", sock), End(f"out {number} unix", peer)))
    return pairs


def connect_in(path, port, count):
    """Pairs (unix, vsock)"""
    listener = listen(socket.AF_VSOCK, (socket.VMADDR_CID_ANY, port))
    pairs = []
    for number in range(count):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        start(sock, sock.connect, path, "connect")
        sock.sendall(f"connect {port}\n".encode())
        peer, (cid, _) = listener.accept()
        if cid != socket.VMADDR_CID_HOST:
            fail(f"a connection from context id {cid}")
        reply = b""
        while not reply.endswith(b"\n"):
            byte = sock.recv(1)
            if not byte:
                fail(f"the back-end closed the connection after {reply}")
            reply += byte
        if not reply.startswith(b"OK "):
            fail(f"the back-end says {reply}")
        pairs.append((End(f"in {number} unix", sock), End(f"in {number} vsock", peer)))
    return pairs


def hold(pairs):
    """Until every end has ended: those of AF_VSOCK by ECONNRESET."""
    selector = selectors.DefaultSelector()
    for end in [end for pair in pairs for end in pair]:
        selector.register(end.sock, selectors.EVENT_READ, end)
    print(f"{len(pairs)} connections are open", flush=True)
    while selector.get_map():
        for key, _ in wait(selector, lambda: ", ".join(key.data.name for key in selector.get_map().values())):
            end = key.data
            error = end.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if end.sock.family == socket.AF_VSOCK and error != errno.ECONNRESET:
                fail(f"{end.name}: {os.strerror(error)} instead of ECONNRESET")
            if end.sock.family == socket.AF_UNIX and not error and end.sock.recv(CHUNK):
                fail(f"{end.name} received data that nobody has sent")
            selector.unregister(end.sock)
    print(f"{len(pairs)} connections were reset", flush=True)


def main():
    mode, path = sys.argv[1:3]
    port, count = map(int, sys.argv[3:5])
    if mode == "hold":
        hold(connect_out(path, port, count) + connect_in(path, port, count))
        return
    length = int(sys.argv[5])
    pairs = {"out": connect_out, "in": connect_in}[mode](path, port, count)
    seconds = exchange(pairs, length)
    close(pairs)
    print(f"{mode}: {count} connections, {length} bytes each way, {seconds:.1f} s")


main()
