"""numbers.py write FIRST COUNT: consecutive 8-byte numbers on standard output.

numbers.py check FILE FIRST COUNT [FIRST COUNT]...: FILE has nothing but such numbers, of the first range, then of the
second..., in their order. Gaps are allowed between multiples of 8 numbers (somebody else read 64 bytes), repetitions are
not.
"""
import struct
import sys

WORDS = 8


def write(first, count):
    sys.stdout.buffer.write(struct.pack(f"<{count}Q", *range(first, first + count)))


def check(path, ranges):
    data = open(path, "rb").read()
    numbers = struct.unpack(f"<{len(data) // 8}Q", data[: len(data) // 8 * 8])
    position, previous, gaps = 0, -1, 0
    for index, number in enumerate(numbers):
        while not ranges[position][0] <= number < sum(ranges[position]):
            position, previous = position + 1, -1
            if position == len(ranges):
                sys.exit(f"{path}: {number:#x} at {index} is of another source, or out of order")
        if number <= previous:
            sys.exit(f"{path}: {number:#x} at {index} comes after {previous:#x}")
        if number != previous + 1 and previous >= 0:
            gaps += 1
            if (number - ranges[position][0]) % WORDS or (previous + 1 - ranges[position][0]) % WORDS:
                sys.exit(f"{path}: a piece is missing at {index}, between {previous:#x} and {number:#x}")
        previous = number
    if position != len(ranges) - 1:
        sys.exit(f"{path}: nothing of the last source")
    print(f"{path}: {len(numbers)} numbers, {gaps} gaps")


arguments = [int(word, 0) for word in sys.argv[3:]]
if sys.argv[1] == "write":
    write(int(sys.argv[2], 0), *arguments)
else:
    check(sys.argv[2], list(zip(arguments[::2], arguments[1::2])))
