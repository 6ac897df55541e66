# SPDX-License-Identifier: GPL-2.0-only
"""What `min`, `revoke` and `shared` have in common: devices that differ in the options of attach, side by side in one boot."""
import json
import os
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "guest"))
import subjects  # noqa: E402

os.environ["PATH"] += ":/usr/sbin:/sbin"
DIRECTORIES = {"tmpfs": "/dev/shm/virtio-loopback-bench"}


def set_up(names, transports):
    """transports: {transport: [memory, option...]}. Returns the stores, and {store: {transport: Subject}}."""
    stores, made = [], {}
    for transport, (memory, *options) in transports.items():
        subjects.EXPORTS[transport] = subjects.export_vhost_user
        subjects.TRANSPORTS[transport] = subjects.virtio_loopback(memory, transport, *options)
    for name in names:
        store = subjects.Store(name, 1, DIRECTORIES.get(name, os.path.abspath(name)))
        stores.append(store)
        store.start(list(transports))
        made[name] = {transport: subjects.TRANSPORTS[transport](store) for transport in transports}
        for subject in made[name].values():
            subjects.use_no_scheduler(subject.node)
    # It would look at each disk that was open for writing, while the next is measured.
    subjects.run("udevadm", "settle")
    subjects.run("udevadm", "control", "--exit")
    return stores, made


def tear_down(stores, made):
    for subject in [subject for of_store in made.values() for subject in of_store.values()]:
        subject.stop()
    for store in stores:
        store.stop()
    subjects.unload()


def counters(subject):
    """requests, granted, faults, revoked"""
    def read(name):
        with open("/sys/class/virtio-loopback/%s/%s" % (subject.device, name)) as file:
            return file.read().split()
    stats = read("stats/0")
    return [int(number) for number in (stats[1], stats[8], *read("grant_faults"), *read("grants_revoked"))]


def fio(text):
    """Run jobs TRANSPORT.NUMBER, each of one direction: the microseconds of a request, in a list by transport."""
    done = subprocess.run(["fio", "--output-format=json", "-"], input=text, stdout=subprocess.PIPE, text=True,
                          check=True)
    us = {}
    for job in json.JSONDecoder().raw_decode(done.stdout, done.stdout.index("{\n"))[0]["jobs"]:
        side = job["read"] if job["read"]["total_ios"] else job["write"]
        us.setdefault(job["jobname"].split(".")[0], []).append(side["runtime"] * 1000 / side["total_ios"])
    return us


def median_and_spread(values):
    middle = statistics.median(values)
    return middle, 100 * (max(values) - min(values)) / middle


def print_row(*fields):
    print("\t".join("%.2f" % field if isinstance(field, float) else str(field) for field in fields), flush=True)
