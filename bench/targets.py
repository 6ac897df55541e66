# SPDX-License-Identifier: GPL-2.0-only
"""Medians of what was measured, and the targets: how much of another transport's cost ours may have.

A target without another transport limits what is measured of ours itself.
"""
import collections
import statistics

from plans import KIB, MAP_MIN, MIB

Target = collections.namedtuple("Target", "name smp store ours other bs qd field limit")


def row(name, store, ours, limits, sizes):
    return [Target(name, 2, store, ours, "vduse", bs, qd, "ns", limit) for (bs, qd), limit in zip(sizes, limits)]


SIZES = [(4 * KIB, 1), (4 * KIB, 32), (64 * KIB, 1), (64 * KIB, 32), (1 * MIB, 32)]
TARGETS = (
    row("storage daemon, copy / VDUSE", "null", "copy", [0.70, 0.80, 0.75, 0.75, 0.85], SIZES) +
    row("storage daemon, map / VDUSE", "null", "map", [0.70, 0.80, 0.55, 0.50, 0.35], SIZES) +
    row("thin back-end, copy / VDUSE", "thin", "copy", [0.55, 0.55, 0.70, 0.60, 0.80], SIZES) +
    row("thin back-end, map / VDUSE", "thin", "map", [0.55, 0.55, 0.40, 0.35, 0.25], SIZES) +
    [Target("CPU, %s / VDUSE" % name, 1, store, "copy", "vduse", 4 * KIB, qd, "cpu_ns", limit)
     for store, name in (("null", "storage daemon"), ("thin", "thin back-end"))
     for qd, limit in ((1, 0.90), (32, 0.55))] +
    [Target("thin back-end, %s / ublk null" % ours, 2, "thin", ours, "ublk", 4 * KIB, 32, "ns", 0.9)
     for ours in ("copy", "map")] +
    # nine tenths of the bandwidth
    [Target("tmpfs file, map / the file itself", 2, "tmpfs", "map", "raw", bs, 32, "ns", 1 / 0.9)
     for bs in (64 * KIB, 256 * KIB, 1 * MIB)] +
    [Target("storage daemon, copy: %s a request" % field, 2, "null", "copy", None, 4 * KIB, 32, field, 0.25)
     for field in ("kicks", "calls")])


def median(session, cell, transport, field):
    """Of all repeats of one cell; None if there are none."""
    values = [run[field] for run in session["runs"]
              if run["cell"] == cell and run["transport"] == transport and run[field] is not None]
    return statistics.median(values) if values else None


def spread(session, cell, transport, field):
    """How far the repeats are apart, as a part of their median."""
    values = [run[field] for run in session["runs"] if run["cell"] == cell and run["transport"] == transport]
    return (max(values) - min(values)) / statistics.median(values) if values else None


def is_steady(session, cell, transport, field):
    """All repeats but the lowest and the highest are within a twentieth: the median would be the same tomorrow."""
    values = sorted(run[field] for run in session["runs"] if run["cell"] == cell and run["transport"] == transport)
    return len(values) > 2 and values[-2] <= values[1] * 1.05


UNSTEADY = "* not steady: even without the lowest and the highest, the repeats are more than a twentieth apart"


def marked_spread(session, cell, transport):
    """Of the time, with a mark that UNSTEADY explains."""
    mark = "" if is_steady(session, cell, transport, "ns") else " *"
    return "%.1f%%%s" % (100 * spread(session, cell, transport, "ns"), mark)


def rates(bs, ns):
    """What a time by request means in requests and in gigabytes a second."""
    return {"iops": 1e9 / ns, "gb_s": bs / ns}


def cells_of(results, target):
    """The session and the index of each cell that the target is about."""
    for session in results["sessions"]:
        if (session["clock"], session["smp"]) != ("virtual", target.smp) or session.get("profiles"):
            continue
        for number, cell in enumerate(session["cells"]):
            if (cell["store"], cell["bs"], cell["qd"], cell["jobs"]) != (target.store, target.bs, target.qd, 1):
                continue
            yield session, number, cell


def measured_of_cell(session, number, target):
    """What is limited, in one cell; None if it was not measured."""
    ours = median(session, number, target.ours, target.field)
    if target.other is None:
        return ours
    other = median(session, number, target.other, target.field)
    return ours / other if ours and other else None


def measured(results, target):
    """The worse of read and write, in virtual time; None if one of them was not measured."""
    values = {cell["rw"]: measured_of_cell(session, number, target)
              for session, number, cell in cells_of(results, target)}
    both = [values.get("randread"), values.get("randwrite")]
    return None if None in both else max(both)


# What a request's time is made of, in the order of its way: see guest/profile.py.
COMPONENTS = {
    "fio": "in user space",
    "fio (kernel)": "its system calls, block layer",
    "driver": "virtio driver, its callback",
    "transport": "virtio-loopback's module",
    "copying": "of data",
    "scheduling": "wake-ups, task switches, interrupts",
    "back-end": "in user space",
    "back-end (kernel)": "its system calls, with completions",
    "kernel threads": "kworker and the like",
}


def profiles(session):
    """Of a session that has some: cell, transport, median ns, {component: ns}."""
    for profile in session.get("profiles", []):
        ns = median(session, profile["profile"], profile["transport"], "ns")
        yield (session["cells"][profile["profile"]], profile["transport"], ns,
               {component: ns * profile["parts"].get(component, 0) for component in COMPONENTS})


def remaining_cost(results, target):
    """The three largest components of what the target is about, from its profile; None if there is none."""
    profiled = (target.store, target.ours if target.bs >= MAP_MIN else "copy", target.bs, target.qd)
    for session in results["sessions"]:
        for cell, transport, ns, parts in profiles(session):
            if (cell["store"], transport, cell["bs"], cell["qd"]) == profiled:
                largest = sorted(parts, key=parts.get, reverse=True)[:3]
                return "%.1f us: %s" % (ns / 1000, ", ".join("%s %.1f" % (name, parts[name] / 1000)
                                                             for name in largest))
    return None


def verdict(value, limit):
    return "not measured" if value is None else "met" if value <= limit else "NOT MET"


def size_name(size):
    return "%dm" % (size // MIB) if size >= MIB else "%dk" % (size // KIB)


def target_lines(results):
    yield "%-38s %4s  %-10s %9s %6s" % ("target", "CPUs", "requests", "measured", "limit")
    for target in TARGETS:
        value = measured(results, target)
        yield "%-38s %4d  %-10s %9s %6.2f  %s" % (
            target.name, target.smp, "%s qd%d" % (size_name(target.bs), target.qd),
            "-" if value is None else "%.2f" % value, target.limit, verdict(value, target.limit))


def profile_lines(session):
    yield ""
    yield "where the time of a request goes, ns: %s time, %d CPUs" % (session["clock"], session["smp"])
    yield "%-6s %-20s %-9s %8s %s" % ("store", "requests", "", "all", " ".join("%17s" % name for name in COMPONENTS))
    for cell, transport, ns, parts in profiles(session):
        yield "%-6s %-20s %-9s %8.0f %s" % (cell["store"], cell_name(cell), transport, ns,
                                           " ".join("%17.0f" % parts[name] for name in COMPONENTS))


def number(value, form):
    return "-" if value is None else form % value


def run_lines(session):
    yield ""
    yield "%s time, %d CPUs; %s" % (session["clock"], session["smp"], UNSTEADY)
    yield "%-6s %-20s %-9s %11s %8s %9s %7s %11s %10s %10s %9s %6s %6s" % (
        "store", "requests", "", "ns/request", "spread", "IOPS", "GB/s", "CPU ns", "p50 ns", "p99 ns", "switches",
        "kicks", "calls")
    for index, cell in enumerate(session["cells"]):
        for transport in cell["transports"]:
            if median(session, index, transport, "ns") is None:
                continue
            medians = {field: median(session, index, transport, field)
                       for field in ("ns", "cpu_ns", "p50", "p99", "switches", "kicks", "calls")}
            rate = rates(cell["bs"], medians["ns"])
            yield "%-6s %-20s %-9s %11.0f %8s %9.0f %7.3f %11.0f %10s %10s %9.2f %6s %6s" % (
                cell["store"], cell_name(cell), transport, medians["ns"],
                marked_spread(session, index, transport), rate["iops"], rate["gb_s"], medians["cpu_ns"],
                number(medians["p50"], "%.0f"), number(medians["p99"], "%.0f"), medians["switches"],
                number(medians["kicks"], "%.2f"), number(medians["calls"], "%.2f"))


def cell_name(cell):
    jobs = " %d jobs" % cell["jobs"] if cell["jobs"] > 1 else ""
    return "%s %s qd%d%s" % (size_name(cell["bs"]), cell["rw"], cell["qd"], jobs)


def text(results):
    lines = list(target_lines(results))
    for session in results["sessions"]:
        lines += run_lines(session)
        if session.get("profiles"):
            lines += profile_lines(session)
    return "\n".join(lines)
