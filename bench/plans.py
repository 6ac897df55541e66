# SPDX-License-Identifier: GPL-2.0-only
"""What is measured: sessions, each of them one boot with one clock and so many processors.

A file on disk is measured in real time only: the disk of a guest in virtual time is the host's, in real time.
"""
KIB, MIB = 1 << 10, 1 << 20

SIZES, DEPTHS = [4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, 1 * MIB], [1, 32, 128]
MODES = ["randread", "randwrite", "randrw"]
READ_AND_WRITE = MODES[:2]

# In virtual time the length of a run is a number of requests: these take VDUSE some 0.1 s, and fio tells milliseconds.
REQUESTS = {
    4 * KIB: {1: 2000, 32: 4000, 128: 4000},
    16 * KIB: {1: 1500, 32: 4000, 128: 4000},
    64 * KIB: {1: 1000, 32: 1600, 128: 1600},
    256 * KIB: {1: 500, 32: 800, 128: 800},
    1 * MIB: {1: 150, 32: 300, 128: 400},
}
# In real time it is a time.
SECONDS = 0.5

OURS = ["copy", "map"]
STORES = {
    "thin": ["null_blk", "ublk", "vduse"] + OURS,
    "null": ["nbd", "vduse"] + OURS,
    "tmpfs": ["raw", "loop", "nbd", "ublk", "vduse"] + OURS,
    # Not map: direct I/O of a back-end cannot be on pages that are not its own.
    "file": ["raw", "loop", "nbd", "ublk", "vduse", "copy"],
}


def united(cells):
    """Each cell once, where it is first, with the transports of all that are equal."""
    transports = {}
    for store, more, *cell in cells:
        known = transports.setdefault((store, *cell), [])
        known += [transport for transport in more if transport not in known]
    return [(store, known, *cell) for (store, *cell), known in transports.items()]


def session(clock, smp, cells, queues=1, repeats=5, profile=False):
    """cells: (store, transports, block size, depth, mode, jobs). profile: also of what runs meanwhile."""
    stores, made = {}, []
    for store, transports, bs, qd, rw, jobs in united(cells):
        known = stores.setdefault(store, [])
        known += [transport for transport in transports if transport not in known]
        length = {"requests": REQUESTS[bs][qd] // jobs} if clock == "virtual" else {"seconds": SECONDS}
        made.append({"store": store, "transports": transports, "bs": bs, "qd": qd, "rw": rw, "jobs": jobs, **length})
    return {"clock": clock, "smp": smp, "plan": {"queues": queues, "repeats": repeats, "profile": profile,
                                                 "stores": stores, "cells": made}}


def runs_of(plan):
    return sum(len(cell["transports"]) for cell in plan["cells"]) * plan["repeats"]


def cells(store, transports, sizes_and_depths, modes, jobs=1):
    return [(store, transports, bs, qd, rw, jobs) for bs, qd in sizes_and_depths for rw in modes]


# ---- what the targets need

TARGET_CELLS = [(4 * KIB, 1), (4 * KIB, 32), (64 * KIB, 1), (64 * KIB, 32), (1 * MIB, 32)]
SMALL, LARGE = TARGET_CELLS[:2], TARGET_CELLS[2:]
AGAINST_VDUSE = ["vduse"] + OURS
# What is smaller than --map-min is copied either way.
MAP_MIN = 64 * KIB


def small_requests(ours, beside_thin):
    return (cells("thin", beside_thin + ["vduse"] + ours, SMALL, READ_AND_WRITE) +
            cells("null", ["vduse"] + ours, SMALL, READ_AND_WRITE))


def large_requests(store):
    return cells(store, AGAINST_VDUSE, LARGE, READ_AND_WRITE)


def one_processor():
    return [cell for store in ("null", "thin") for cell in cells(store, ["vduse", "copy"], SMALL, READ_AND_WRITE)]


def tmpfs_against_raw():
    return cells("tmpfs", ["raw", "vduse"] + OURS, [(64 * KIB, 32), (256 * KIB, 32), (1 * MIB, 32)], READ_AND_WRITE)


def profiles():
    """Of ours, for each target. With one processor: a sample of one of two that share a clock tells little, and the
    work is the same."""
    ours = [(store, OURS if bs >= MAP_MIN else ["copy"], bs, qd, "randread", 1)
            for store in ("thin", "null") for bs, qd in TARGET_CELLS]
    files = cells("tmpfs", ["map"], [(64 * KIB, 32), (256 * KIB, 32), (1 * MIB, 32)], ["randread"])
    return session("virtual", 1, ours + files, repeats=3, profile=True)


def sessions_of_targets(small):
    """The longest first, because they run side by side."""
    return [session("virtual", 1, one_processor()), session("virtual", 2, small),
            session("virtual", 2, large_requests("null")), session("virtual", 2, large_requests("thin"))]


def quick():
    """Not map with requests below MAP_MIN."""
    return sessions_of_targets(small_requests(["copy"], ["ublk"]))


# ---- more

SAMPLES = [(4 * KIB, 1, "randread"), (4 * KIB, 32, "randrw"), (64 * KIB, 32, "randread"), (1 * MIB, 32, "randwrite")]


def samples(store):
    return [(store, STORES[store], bs, qd, rw, 1) for bs, qd, rw in SAMPLES]


def all_targets():
    return sessions_of_targets(small_requests(OURS, ["null_blk", "ublk"]))


def default():
    return all_targets() + [session("virtual", 2, tmpfs_against_raw() + samples("tmpfs")), profiles()] + [
        session("real", 2, samples(store)) for store in STORES]


def matrix(store, jobs):
    return [(store, STORES[store], bs, qd, rw, jobs) for bs in SIZES for qd in DEPTHS for rw in MODES]


def full():
    return all_targets() + [session("virtual", 2, tmpfs_against_raw()), profiles()] + [
        session(clock, 2, matrix(store, jobs), queues=jobs)
        for clock, stores in (("virtual", ["thin", "null", "tmpfs"]), ("real", STORES)) for store in stores
        for jobs in (1, 2)]


PLANS = {"quick": quick, "default": default, "full": full}
