# SPDX-License-Identifier: GPL-2.0-only
"""Where the time of a request goes: samples of what runs, with its callers, sorted into components.

A sample is taken by an interrupt, so what runs with interrupts off is seen where they are enabled again. What is found
there says nothing but that; the callers tell whose work it was.

In virtual time the same happens again and again, and samples at equal distances would always see the same: so there are
several at once, each with a distance of its own, which is that of many requests: a sample takes as long as a part of
one, and what comes after it comes later. Not one by one: perf takes longer to start and to end than all else.
"""
import bisect
import collections
import contextlib
import os
import re
import subprocess

import subjects

PERIODS_NS = (701_003, 787_007, 883_013, 991_027, 1_109_009, 1_213_021, 1_327_013)

MODULES = {"virtio_loopback": "transport", "vduse": "transport", "vdpa": "transport", "virtio_vdpa": "transport",
           "vhost_iotlb": "transport", "ublk_drv": "transport",
           "virtio_blk": "driver", "virtio_ring": "driver", "virtio": "driver"}
# By the names of tasks. Others sample, or start and end fio.
PARTS = {"fio": ("fio",), "kernel threads": ("kworker", "ksoftirqd", "rcu"),
         "back-end": ("null-blk", "qemu-storage-da", "rublk")}
# The transport enables interrupts after the driver's callback, which ends the request and wakes who waits for it.
CALLBACKS = {"interrupt", "interrupt_driver", "vduse_vq_irq_inject", "vduse_vq_signal_irqfd"}
# These have eventfd_signal() in them, which wakes the back-end.
KICKS = {"kick", "submit_as_owner", "vduse_vq_kick", "vduse_vdpa_kick_vq"}
COPIES = re.compile(r"memcpy|memmove|rep_movs|_?copy_(user|to|from|page|mc)|copy_folio")
# Functions that are called for others: whose time it is, the caller tells.
HELPERS = re.compile(r"_raw_|__raw_|__?rcu_read|preempt_|__local_bh|local_bh|memset|__x86|srso|clear_bhb|native_|"
                     r"ktime_get|read_tsc|asm_|sysvec_|__sysvec|irqentry")
SCHEDULING = re.compile(r"schedul|finish_task_switch|try_to_wake|ttwu|wake_up|wake_q|select_task|select_idle|enqueue_|"
                        r"dequeue_|pick_|put_prev|set_next|update_(curr|load|rq|se|min|cfs)|sched_|switch_|__switch|"
                        r"queue_work|insert_work|worker_|process_one_work|handle_softirqs|smp_call|flush_smp|irq_enter|"
                        r"irq_exit|place_entity|task_tick|resched|reweight|entity_|vruntime|psi_|cpuacct_|load_new_mm|"
                        r"do_idle|cpu_startup")


def module_ranges():
    """Sorted: start, end, name."""
    ranges = []
    with open("/proc/modules") as lines:
        for line in lines:
            name, size, _, _, _, start = line.split()[:6]
            ranges.append((int(start, 16), int(start, 16) + int(size), name))
    return sorted(ranges)


class Sorter:
    """Says to which component a sample belongs."""

    def __init__(self, ranges):
        self.ranges = ranges
        self.starts = [start for start, _, _ in self.ranges]

    def module(self, address):
        number = bisect.bisect_right(self.starts, address) - 1
        return self.ranges[number][2] if number >= 0 and address < self.ranges[number][1] else None

    def kernel_component(self, address, symbol, called):
        """called: what it has called when the sample was taken, or None. None: the caller tells."""
        if COPIES.match(symbol.lstrip("_")):
            return "copying"
        component = MODULES.get(self.module(address))
        if component == "transport" and symbol in CALLBACKS:
            return "driver"
        if component == "transport" and symbol in KICKS and called:
            return "scheduling"
        if component:
            return component
        if HELPERS.match(symbol):
            return None
        return "scheduling" if SCHEDULING.search(symbol) else "other"

    def component(self, command, frames):
        """frames: (address, symbol), from the innermost out. None: whoever runs has no part in the requests."""
        who = next((part for part, names in PARTS.items() if command.startswith(names)), None)
        called = None
        if not who:
            return None
        for address, symbol in frames:
            if address < 1 << 63:
                return who
            component = self.kernel_component(address, symbol, called)
            if component == "other":
                return who if who == "kernel threads" else who + " (kernel)"
            if component:
                return component
            called = symbol
        return who


def samples(lines):
    """Of perf script: the command, and a line for each frame."""
    command, frames = None, []
    for line in lines:
        fields = line.split()
        if not fields:
            if command:
                yield command, frames
            command, frames = None, []
        elif not line[0].isspace():
            command = line.strip()
        else:
            frames.append((int(fields[0], 16), fields[1].partition("+")[0]))


class Sampled(subjects.Subject):
    """Perf samples only between the hooks, which print the kernel's clock, in nanoseconds."""

    def hooks(self):
        tell = "echo %s >perf.control && read -r _ <perf.done"
        return "(" + tell % "enable" + " && cat /proc/timer_list)", "(cat /proc/timer_list && " + tell % "disable" + ")"


def clock(name, when):
    """As perf wants it: seconds, in full."""
    with open("%s.%s.txt" % (name, when)) as output:
        ns = int(re.search(r"^now at (\d+) nsecs", output.read(), re.MULTILINE).group(1))
    return "%d.%09d" % divmod(ns, 1_000_000_000)


@contextlib.contextmanager
def fifos(*names):
    for name in names:
        os.mkfifo(name)
    try:
        yield
    finally:
        for name in names:
            os.remove(name)


def record(jobs):
    """Fio takes long to start and to end."""
    events = [option for period_ns in PERIODS_NS for option in ("-e", "cpu-clock/period=%d/" % period_ns)]
    with fifos("perf.control", "perf.done"):
        subprocess.run(["perf", "record", "-q", "-a", "-g", *events, "-k", "CLOCK_MONOTONIC", "-o", "perf.data",
                        "--delay=-1", "--control=fifo:perf.control,perf.done", "--", "fio", "--output=profile.out", jobs],
                       check=True)


def take(jobs, name):
    """jobs: a file for fio with the job of that name, which is Sampled. Returns each component's share of the time."""
    record(jobs)
    sorter, counts = Sorter(module_ranges()), collections.Counter()
    with subprocess.Popen(["perf", "script", "-i", "perf.data", "-F", "comm,ip,sym", "--time",
                           clock(name, "prerun") + "," + clock(name, "postrun")],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as script:
        for command, frames in samples(script.stdout):
            counts[sorter.component(command, frames)] += 1
    os.remove("perf.data")
    counts.pop(None, None)
    return {component: round(count / sum(counts.values()), 4) for component, count in counts.items()}
