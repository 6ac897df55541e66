#!/usr/bin/env python3
"""qmp.py SOCKET COMMAND [ARGUMENTS-AS-JSON]: one command to a QEMU monitor."""
import json
import socket
import sys

peer = socket.socket(socket.AF_UNIX)
peer.settimeout(60)
peer.connect(sys.argv[1])
stream = peer.makefile("rw")
stream.readline()


def execute(command, arguments):
    stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
    stream.flush()
    while True:
        answer = json.loads(stream.readline())
        if "event" not in answer:
            return answer


execute("qmp_capabilities", {})
result = execute(sys.argv[2], json.loads(sys.argv[3]) if len(sys.argv) > 3 else {})
print(result)
sys.exit("error" in result)
