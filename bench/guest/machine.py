# SPDX-License-Identifier: GPL-2.0-only
"""Where something was measured: of a guest, and of the machine that it runs on."""
import os


def describe():
    with open("/proc/cpuinfo") as lines:
        model = next((line.split(": ", 1)[1].strip() for line in lines if line.startswith("model name")), "?")
    return {"kernel": os.uname().release, "cpu": model, "cpus": os.cpu_count()}
