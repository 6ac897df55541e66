"""uinput.py NAME: a keyboard and mouse. Prints its event device; then each line of standard input, "EV_KEY KEY_A 1",
is an event."""
import sys

import evdev
from evdev import ecodes

device = evdev.UInput(
    {
        ecodes.EV_KEY: [ecodes.KEY_A, ecodes.KEY_B, ecodes.KEY_ENTER, ecodes.KEY_LEFTSHIFT, ecodes.BTN_LEFT],
        ecodes.EV_REL: [ecodes.REL_X, ecodes.REL_Y],
        ecodes.EV_LED: [ecodes.LED_CAPSL],
    },
    name=sys.argv[1],
    vendor=0x1234,
    product=0x5678,
)
print(device.device.path, flush=True)
for line in sys.stdin:
    kind, code, value = line.split()
    device.write(ecodes.ecodes[kind], ecodes.ecodes[code], int(value))
    device.syn()
