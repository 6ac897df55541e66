"""uinput.py NAME: a keyboard and mouse. Prints its event device; then each line of standard input, "EV_KEY KEY_A 1",
is an event. What is written to the device, such as its LEDs, goes to standard error: "17 1 1" (type, code, value)."""
import glob
import os
import sys
import threading
import time

import evdev
from evdev import ecodes

device = evdev.UInput(
    {
        ecodes.EV_KEY: [ecodes.KEY_A, ecodes.KEY_B, ecodes.KEY_ENTER, ecodes.KEY_LEFTSHIFT, ecodes.BTN_LEFT],
        ecodes.EV_REL: [ecodes.REL_X, ecodes.REL_Y],
        ecodes.EV_MSC: [ecodes.MSC_PULSELED],
        ecodes.EV_LED: [ecodes.LED_CAPSL],
    },
    name=sys.argv[1],
    vendor=0x1234,
    product=0x5678,
)


def report_what_is_written():
    for event in device.read_loop():
        print(event.type, event.code, event.value, file=sys.stderr, flush=True)


# evdev looks for the node only for a moment.
def find_node():
    for directory in glob.glob("/sys/devices/virtual/input/input*"):
        if open(directory + "/name").read().strip() == sys.argv[1]:
            for event in glob.glob(directory + "/event*"):
                return "/dev/input/" + os.path.basename(event)
    return ""


while not os.path.exists(node := find_node()):
    time.sleep(0.05)
threading.Thread(target=report_what_is_written, daemon=True).start()
print(node, flush=True)
for line in sys.stdin:
    kind, code, value = line.split()
    device.write(ecodes.ecodes[kind], ecodes.ecodes[code], int(value))
    device.syn()
