"""clock.py read PTP-DEVICE ID COUNT: the PTP clock lies between two readings of this machine's own clock ID (a number of
clock_gettime()), COUNT times, and goes on.

clock.py alarm RTC-DEVICE SECONDS: set an alarm, wait for it, and see that it comes neither early nor late.
"""
import calendar
import fcntl
import os
import select
import struct
import sys
import time

RTC_RD_TIME = 0x80247009
RTC_WKALM_SET = 0x4028700F
RTC_AF = 0x20


def read(path, clock, count):
    device = os.open(path, os.O_RDONLY)
    dynamic = (~device << 3) | 3  # FD_TO_CLOCKID()
    previous = 0
    for _ in range(count):
        before = time.clock_gettime_ns(clock)
        now = time.clock_gettime_ns(dynamic)
        after = time.clock_gettime_ns(clock)
        if not before <= now <= after:
            sys.exit(f"{path}: {now} is not between {before} and {after}")
        if now <= previous:
            sys.exit(f"{path}: {now} comes after {previous}")
        previous = now
    print(f"{path}: {count} readings, the last within {after - before} ns")


def rtc_time(device):
    fields = struct.unpack("9i", fcntl.ioctl(device, RTC_RD_TIME, bytes(36)))
    second, minute, hour, day, month, year = fields[:6]
    return calendar.timegm((year + 1900, month + 1, day, hour, minute, second))


def alarm(path, seconds):
    device = os.open(path, os.O_RDONLY)
    if abs(rtc_time(device) - time.time()) > 2:
        sys.exit(f"{path} is at {rtc_time(device)}, not {time.time()}")
    due = int(time.time()) + seconds
    at = time.gmtime(due)
    tm = struct.pack("9i", at.tm_sec, at.tm_min, at.tm_hour, at.tm_mday, at.tm_mon - 1, at.tm_year - 1900, 0, 0, 0)
    fcntl.ioctl(device, RTC_WKALM_SET, struct.pack("BBxx", 1, 0) + tm)
    if not select.select([device], [], [], seconds + 60)[0]:
        sys.exit(f"{path}: the alarm did not come")
    late = time.time() - due
    flags = struct.unpack("L", os.read(device, 8))[0] & 0xFF
    if not flags & RTC_AF or late < 0:
        sys.exit(f"{path}: flags {flags:#x}, {-late:.3f} s early")
    print(f"{path}: the alarm came {late:.3f} s late")


if sys.argv[1] == "read":
    read(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
else:
    alarm(sys.argv[2], int(sys.argv[3]))
