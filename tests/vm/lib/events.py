"""events.py EVENT-DEVICE: what the device says about itself, and then, after a line "ready", each event as
"1 30 1" (type, code, value)."""
import sys

import evdev

device = evdev.InputDevice(sys.argv[1])
print("name", device.name)
print("id", device.info.bustype, device.info.vendor, device.info.product, device.info.version)
# EV_SYN only says which other types there are.
for kind, codes in sorted(device.capabilities().items()):
    if kind != evdev.ecodes.EV_SYN:
        print("codes", kind, *sorted(codes))
print("ready", flush=True)
for event in device.read_loop():
    print(event.type, event.code, event.value, flush=True)
