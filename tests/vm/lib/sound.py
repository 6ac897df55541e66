"""Samples for the sound cards, S16_LE, one channel.

sound.py tone FILE FRAMES SEED: a tone of 480 Hz, with noise in the lower 12 bits that makes each place in it unique.
sound.py compare PLAYED SENT PERIOD PERIODS: was just this played, in periods of so many frames, and silence after it for
at most so many of them? vhost-device-sound 0.3.0 leaves out the last 4 bytes of each period, for it takes the header that
it has read off once more; whether it did is printed."""
import array
import math
import random
import sys

RATE = 48000


def tone(path, frames, seed):
    wave = [int(24000 * math.sin(i * 2 * math.pi * 480 / RATE)) for i in range(RATE // 480)]
    noise = array.array("h", random.Random(seed).randbytes(2 * frames))
    waves = wave * (frames // len(wave) + 1)
    with open(path, "wb") as file:
        array.array("h", [a + (b >> 4) for a, b in zip(waves, noise)]).tofile(file)


def begins_with(played, wanted, most_silence):
    rest = played[len(wanted) :]
    return played.startswith(wanted) and len(rest) <= most_silence and not any(rest)


def compare(played_path, sent_path, period, periods):
    period_bytes = 2 * period
    most_silence = periods * period_bytes
    with open(played_path, "rb") as file:
        played = file.read()
    with open(sent_path, "rb") as file:
        sent = file.read()
    sent += bytes(-len(sent) % period_bytes)
    pieces = [sent[i : i + period_bytes] for i in range(0, len(sent), period_bytes)]
    cut = b"".join(piece[:-4] for piece in pieces)
    if begins_with(played, sent, most_silence):
        print(f"{sent_path}: {len(pieces)} periods were played, complete")
    elif begins_with(played, cut, most_silence):
        print(f"{sent_path}: {len(pieces)} periods were played, each without its last 4 bytes")
    else:
        at = next((i for i, (a, b) in enumerate(zip(played, cut)) if a != b), min(len(played), len(cut)))
        sys.exit(f"{len(played)} bytes were played, not {len(cut)} or {len(sent)}; the first wrong one is {at}")


if sys.argv[1] == "tone":
    tone(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
else:
    compare(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
