#!/usr/bin/env python3
"""peer.py SOCKET BEHAVIOUR: something that is not a good vhost-user back-end.

Answers the handshake of a block device as BEHAVIOUR says, for one connection; *-early: for each.
"""
import os
import socket
import struct
import sys

GET_FEATURES, SET_FEATURES, SET_VRING_KICK, GET_PROTOCOL_FEATURES, GET_QUEUE_NUM, GET_CONFIG = 1, 2, 12, 15, 17, 24
FEATURES = 1 << 30 | 1 << 32 | 1 << 28 | 1 << 29 | 1 << 2
PROTOCOL_FEATURES = 1 << 0 | 1 << 3 | 1 << 9
CONFIG_SIZE = 60

path, behaviour = sys.argv[1:]
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
if behaviour == "refuse":
    sys.exit()
listener.listen(1)


def reply(request, payload, size=None, fds=()):
    header = struct.pack("<III", request, 5, len(payload) if size is None else size)
    socket.send_fds(peer, [header + payload], list(fds))


def number(request, value):
    reply(request, struct.pack("<Q", value))


def config(size):
    capacity = struct.pack("<Q", 65536).ljust(size, b"\0")
    reply(GET_CONFIG, struct.pack("<III", 0, size, 0) + capacity)


def features(request):
    if behaviour == "garbage":
        peer.sendall(os.urandom(4096))
    elif behaviour == "truncated":
        peer.sendall(struct.pack("<IIIH", request, 5, 8, 1))
        peer.close()
        sys.exit()
    elif behaviour == "oversized":
        reply(request, b"\0" * 8, size=0x40000000)
    elif behaviour == "wrong-request":
        number(GET_QUEUE_NUM, FEATURES)
    elif behaviour == "wrong-size":
        reply(request, b"\0" * 4)
    elif behaviour == "unasked-fds":
        reply(request, struct.pack("<Q", FEATURES), fds=[0, 1, 2])
    elif behaviour == "no-version-1":
        number(request, FEATURES & ~(1 << 32))
    else:
        number(request, FEATURES)


def answer(request, flags):
    if request == GET_FEATURES:
        features(request)
    elif request == GET_PROTOCOL_FEATURES:
        number(request, PROTOCOL_FEATURES)
    elif request == GET_QUEUE_NUM:
        number(request, 1)
    elif request == GET_CONFIG:
        size = {"no-config": 0, "short-config": 20, "long-config": 200, "wrong-device": 8}
        config(size.get(behaviour, CONFIG_SIZE))
    elif flags & 8:
        number(request, 1 if behaviour == "nak" else 0)


def serve():
    silent = behaviour == "silent"
    while behaviour != "closes":
        header, fds, _, _ = socket.recv_fds(peer, 12, 8, socket.MSG_WAITALL)
        if len(header) < 12:
            break
        request, flags, size = struct.unpack("<III", header)
        if size:
            peer.recv(size, socket.MSG_WAITALL)
        # The device is registered by now, but its driver gets no further.
        if behaviour == "leaves-early" and request == SET_VRING_KICK:
            break
        silent |= behaviour == "silent-early" and request == SET_FEATURES
        if not silent:
            answer(request, flags)


while True:
    peer, _ = listener.accept()
    serve()
    peer.close()
    if not behaviour.endswith("-early"):
        break
