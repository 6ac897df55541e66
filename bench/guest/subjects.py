# SPDX-License-Identifier: GPL-2.0-only
"""What is compared: for each transport how it becomes a block device of this machine.

A store is what is behind the transports: "thin" is bench/null-blk, "touch" the same, but using the data; "null", "tmpfs"
and "file" are nodes of one qemu-storage-daemon that exports them in every way at once. The kernel's own transports use
the same file.
"""
import fcntl
import glob
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

QUEUE_SIZE = 256
SIZE = 256 << 20
# In seconds. Guests are slow, and their clock may not be that of the world.
PATIENCE = 20 * int(os.environ.get("VLB_SCALE", "1"))


class Skip(Exception):
    """This subject cannot be had here; the reason."""


def run(*command, **options):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    except FileNotFoundError as error:
        raise Skip(str(error)) from None
    if done.returncode:
        raise Skip("%s: %s" % (" ".join(command), done.stdout.strip() or "exit status %d" % done.returncode))
    return done.stdout


def load(module, *parameters):
    run("modprobe", module, *parameters)


def has_vduse():
    try:
        load("vduse")
        return True
    except Skip:
        return False


def wait_for(what, condition):
    """Until condition() is true; returns what it returned."""
    until = time.monotonic() + PATIENCE
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > until:
            raise Skip("waited too long for " + what)
        time.sleep(0.05)


def one_of(pattern):
    found = glob.glob(pattern)
    return found[0] if found else None


def split_sample(printed):
    """What the hooks of a subject print: idle nanoseconds and context switches of all CPUs, and the subject's counters.

    Jobs of several threads print into the same file: of a number that grew by a digit something may be left at the end.
    """
    counters, begin, stat = printed.partition(b"cpu  ")
    cpu, switches = re.search(rb"^cpu +(.*)\n(?:.*\n)*?ctxt (\d+)\n", begin + stat).groups()
    idle, waiting = cpu.split()[3:5]
    return (int(idle) + int(waiting)) * 10_000_000, int(switches), counters


class Subject:
    """A block device, and where its kicks and calls are counted: by our module or by null-blk."""

    def __init__(self, node, device=None, counters=None, stop=None):
        self.node = node
        self.device = device
        self.counters = counters
        self.stop = stop or (lambda: None)

    def hooks(self):
        """Commands for a shell, right before and right after the requests of fio."""
        return ["cat %s /proc/stat" % " ".join(self.counter_files())] * 2

    def counter_files(self):
        if self.device:
            return glob.glob("/sys/class/virtio-loopback/%s/stats/*" % self.device)
        return [self.counters] if self.counters else []

    def kicks_and_calls(self, before, after):
        """Of two samples; None if nobody counts."""
        if self.device:
            rows = [[[int(field) for field in line.split()] for line in sample.decode().splitlines()]
                    for sample in (before, after)]
            return [sum(row[field] for row in rows[1]) - sum(row[field] for row in rows[0]) for field in (3, 4)]
        if self.counters:
            numbers = [struct.unpack("%dQ" % (len(sample) // 8), sample) for sample in (before, after)]
            return [sum(numbers[1][field::3]) - sum(numbers[0][field::3]) for field in (1, 2)]
        return None


class CountedByProbes(Subject):
    """VDUSE, while the kernel counts: kicks, and completions that the back-end has asked for, by calls or in batches."""

    PROBES = {"kick": "vduse_vdpa_kick_vq", "call": "vduse_vq_irq_inject"}
    TRACING = "/sys/kernel/tracing"

    def __init__(self, node):
        super().__init__(node)
        if not os.path.isdir(self.TRACING + "/events"):
            run("mount", "-t", "tracefs", "tracefs", self.TRACING)

    def write(self, name, text):
        # Python would look for the end of the file to append, which it has not.
        file = os.open(os.path.join(self.TRACING, name), os.O_WRONLY | os.O_APPEND)
        try:
            os.write(file, text.encode())
        finally:
            os.close(file)

    def __enter__(self):
        for name, function in self.PROBES.items():
            self.write("kprobe_events", "p:bench/%s %s\n" % (name, function))
        self.write("events/bench/enable", "1")
        return self

    def __exit__(self, *_):
        self.write("events/bench/enable", "0")
        for name in self.PROBES:
            self.write("kprobe_events", "-:bench/%s\n" % name)

    def counter_files(self):
        return [self.TRACING + "/kprobe_profile"]

    def kicks_and_calls(self, before, after):
        hits = [{line.split()[0]: int(line.split()[1]) for line in sample.decode().splitlines()}
                for sample in (before, after)]
        return [hits[1][name] - hits[0][name] for name in self.PROBES]


class Store:
    """Its files are in a directory of its own; its processes end with it."""

    def __init__(self, name, queues, directory):
        self.name = name
        self.queues = queues
        self.directory = directory
        self.image = os.path.join(directory, "image")
        self.daemons = []
        self.failure = None
        os.makedirs(directory, exist_ok=True)
        if name in ("tmpfs", "file"):
            self.make_image()

    def make_image(self):
        """Every block of it is there: nothing is allocated while something is measured."""
        with open(self.image, "wb") as image:
            for _ in range(SIZE >> 20):
                image.write(os.urandom(4096) * 256)
            image.flush()
            os.fsync(image.fileno())

    def path(self, name):
        return os.path.join(self.directory, name)

    def spawn(self, *command):
        log = open(self.path(os.path.basename(command[0]) + ".log"), "ab")
        try:
            daemon = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        except FileNotFoundError as error:
            raise Skip(str(error)) from None
        daemon.log = log.name
        self.daemons.append(daemon)
        return daemon

    def device(self, transport):
        return "%s-%s" % (self.name, transport)

    # ---- back-ends

    def start(self, transports):
        """What it cannot do, the transport will find out."""
        exports = [transport for transport in transports if transport in EXPORTS]
        if self.name not in THIN and exports:
            self.start_storage_daemon([transport for transport in exports if transport != "vduse" or has_vduse()])

    def start_storage_daemon(self, transports):
        """One for all transports. It does not poll: on few CPUs that is only time taken from the others."""
        blockdev = ("driver=null-co,node-name=d,size=%d,read-zeroes=off" % SIZE if self.name == "null" else
                    "driver=file,node-name=d,filename=%s%s" % (self.image, FILE_OPTIONS[self.name]))
        command = ["qemu-storage-daemon", "--object", "iothread,id=t0,poll-max-ns=0", "--blockdev", blockdev]
        for transport in transports:
            command += EXPORTS[transport](self, transport)
        daemon = self.spawn(*command, "--pidfile", self.path("qsd.pid"))
        wait_for("qemu-storage-daemon", lambda: os.path.exists(self.path("qsd.pid")) or daemon.poll() is not None)
        if daemon.poll() is not None:
            raise Skip("qemu-storage-daemon: " + open(daemon.log).read().strip())

    def socket(self, transport):
        return self.path(transport + ".sock")

    def start_thin(self, transport, *door):
        counters = self.path(transport + ".counters")
        self.spawn("null-blk", *door, "--queues", str(self.queues), "--size", str(SIZE), "--counters", counters,
                   *THIN[self.name])
        return counters

    def stop(self):
        for daemon in self.daemons:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait()
        shutil.rmtree(self.directory)


def export_vhost_user(store, transport):
    return ["--export", "type=vhost-user-blk,id=%s,node-name=d,addr.type=unix,addr.path=%s,num-queues=%d,"
            "writable=on,iothread=t0" % (transport, store.socket(transport), store.queues)]


def export_vduse(store, transport):
    return ["--export", "type=vduse-blk,id=%s,node-name=d,name=%s,num-queues=%d,queue-size=%d,writable=on,"
            "iothread=t0" % (transport, store.device(transport), store.queues, QUEUE_SIZE)]


def export_nbd(store, transport):
    return ["--nbd-server", "addr.type=unix,addr.path=" + store.socket(transport),
            "--export", "type=nbd,id=%s,node-name=d,name=d,writable=on,iothread=t0" % transport]


EXPORTS = {"copy": export_vhost_user, "map": export_vhost_user, "vduse": export_vduse, "nbd": export_nbd}
THIN = {"thin": [], "touch": ["--touch"]}
# Direct where the file system has a disk; what is on tmpfs is memory either way.
FILE_OPTIONS = {"tmpfs": "", "file": ",cache.direct=on,aio=io_uring"}

# ---- transports: each makes a Subject of a store


def raw(store):
    return Subject(store.image)


def null_blk(store):
    """The kernel's own null device: what fio and the block layer alone cost."""
    load("null_blk", "nr_devices=1", "queue_mode=2", "submit_queues=%d" % store.queues,
         "hw_queue_depth=%d" % QUEUE_SIZE, "gb=1")
    return Subject("/dev/nullb0", stop=lambda: run("rmmod", "null_blk"))


def loop(store):
    load("loop")
    node = run("losetup", "--find", "--show", "--direct-io=on", store.image).strip()
    return Subject(node, stop=lambda: run("losetup", "--detach", node))


def add_vdpa(name):
    """VDUSE's device is there before its queues are, and is invalid until then."""
    def is_added():
        try:
            run("vdpa", "dev", "add", "name", name, "mgmtdev", "vduse")
            return True
        except Skip as reason:
            if "Invalid argument" not in str(reason):
                raise
            return False
    wait_for("the queues of " + name, is_added)


def vduse(store):
    name = store.device("vduse")
    counters = None
    load("vduse")
    load("virtio_vdpa")
    load("virtio_blk")
    if store.name in THIN:
        counters = store.start_thin("vduse", "--vduse", name)
    wait_for("/dev/vduse/" + name, lambda: os.path.exists("/dev/vduse/" + name))
    add_vdpa(name)
    block = wait_for("the block device of " + name,
                     lambda: one_of("/sys/bus/vdpa/devices/%s/virtio*/block/*" % name))
    return Subject("/dev/" + os.path.basename(block), counters=counters,
                   stop=lambda: run("vdpa", "dev", "del", name))


def virtio_loopback(memory, transport=None, *options):
    """transport: its name, if it is not that of the memory."""
    transport = transport or memory

    def attach(store):
        name = store.device(transport)
        if not os.path.isdir("/sys/module/virtio_loopback"):
            load("virtio_blk")
            if "VLB_MODULE" in os.environ:
                run("insmod", os.environ["VLB_MODULE"])
            else:
                load("virtio_loopback")
        if store.name in THIN:
            store.start_thin(transport, "--socket", store.socket(transport))
        wait_for(store.socket(transport), lambda: os.path.exists(store.socket(transport)))
        run("virtio-loopback", "attach", "blk", "--socket", store.socket(transport), "--name", name, "--queues",
            str(store.queues), "--queue-size", str(QUEUE_SIZE), "--memory", memory, "--daemonize", *options)
        block = one_of("/sys/class/virtio-loopback/%s/virtio*/block/*" % name)
        return Subject("/dev/" + os.path.basename(block), device=name,
                       stop=lambda: run("virtio-loopback", "detach", name))
    return attach


# ---- NBD: the kernel as the client of the storage daemon

NBD_SET_SOCK, NBD_SET_BLKSIZE, NBD_DO_IT, NBD_SET_SIZE_BLOCKS, NBD_DISCONNECT, NBD_SET_FLAGS = (
    0xab << 8 | number for number in (0, 1, 3, 7, 8, 10))
NBD_NO_ZEROES, NBD_OPT_EXPORT_NAME = 2, 1


def nbd_handshake(server, export):
    """Fixed newstyle, as simple as it gets. Returns size and flags of the export."""
    _, _, flags = struct.unpack(">8s8sH", server.recv(18, socket.MSG_WAITALL))
    server.sendall(struct.pack(">I8sII", flags, b"IHAVEOPT", NBD_OPT_EXPORT_NAME, len(export)) + export)
    size, transmission = struct.unpack(">QH", server.recv(10, socket.MSG_WAITALL))
    if not flags & NBD_NO_ZEROES:
        server.recv(124, socket.MSG_WAITALL)
    return size, transmission


def nbd(store):
    """One connection, which is one queue."""
    if store.queues > 1:
        raise Skip("one connection is one queue")
    load("nbd", "nbds_max=4", "max_part=0")
    node = "/dev/nbd%d" % nbd.number
    nbd.number += 1
    server = socket.socket(socket.AF_UNIX)
    server.connect(store.socket("nbd"))
    size, flags = nbd_handshake(server, b"d")
    device = os.open(node, os.O_RDWR)
    for request, argument in ((NBD_SET_BLKSIZE, 512), (NBD_SET_SIZE_BLOCKS, size // 512), (NBD_SET_FLAGS, flags),
                              (NBD_SET_SOCK, server.fileno())):
        fcntl.ioctl(device, request, argument)

    def serve():
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # one of them would end it
        try:
            fcntl.ioctl(device, NBD_DO_IT)
        except OSError as error:
            serving.failure = error
    serving = threading.Thread(target=serve, daemon=True)
    serving.failure = None
    serving.start()
    wait_for(node, lambda: serving.failure or os.path.exists("/sys/block/%s/pid" % os.path.basename(node)))
    try:
        os.pread(device, 4096, 0)
    except OSError as error:
        raise Skip("%s: %s" % (node, serving.failure or error)) from None

    def stop():
        fcntl.ioctl(device, NBD_DISCONNECT)
        serving.join()
        os.close(device)
    return Subject(node, stop=stop)


nbd.number = 0

# ---- ublk: the server of the crate rublk, as published


def ublk(store):
    load("ublk_drv")
    number = str(ublk.number)
    ublk.number += 1
    target = ["loop", "--file", store.image] if os.path.exists(store.image) else ["null"]
    server = store.spawn("rublk", "add", *target, "--foreground", "--number", number, "--queue", str(store.queues),
                         "--depth", str(QUEUE_SIZE), "--io-buf-size", "1MiB")
    node = "/dev/ublkb" + number
    wait_for(node, lambda: os.path.exists(node) or server.poll() is not None)
    if server.poll() is not None:
        raise Skip("rublk: " + open(server.log).read().strip())
    return Subject(node, stop=lambda: run("rublk", "del", "--number", number))


ublk.number = 0


def is_unused():
    with open("/sys/module/virtio_loopback/refcnt") as file:
        return file.read() == "0\n"


def unload():
    """What the transports have loaded that is ours. A back-end that has ended may still hold its window for a moment."""
    if os.path.isdir("/sys/module/virtio_loopback") and "VLB_MODULE" in os.environ:
        wait_for("the last reference to the module", is_unused)
        run("rmmod", "virtio_loopback")


TRANSPORTS = {
    "null_blk": null_blk,
    "raw": raw,
    "loop": loop,
    "nbd": nbd,
    "ublk": ublk,
    "vduse": vduse,
    "copy": virtio_loopback("copy"),
    "map": virtio_loopback("map"),
}


def use_no_scheduler(node):
    scheduler = "/sys/block/%s/queue/scheduler" % os.path.basename(node)

    def set_none():
        # The kernel shows a disk before its queue may be changed.
        try:
            with open(scheduler, "w") as file:
                file.write("none")
            return True
        except OSError:
            return False

    if not node.endswith("/image"):
        wait_for(scheduler, set_none)
