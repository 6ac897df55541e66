"""randomness.py FILE: fails if FILE cannot be random: histogram of bytes (chi-square), bits, repeated blocks."""
import collections
import sys

data = open(sys.argv[1], "rb").read()
count = len(data)
histogram = collections.Counter(data)
expected = count / 256
chi_square = sum((histogram[byte] - expected) ** 2 / expected for byte in range(256))
ones = sum(byte.bit_count() * number for byte, number in histogram.items())
blocks = [data[i : i + 16] for i in range(0, count, 16)]
repeated = len(blocks) - len(set(blocks))
print(f"{count} bytes, chi-square {chi_square:.1f}, {ones / count / 8:.4%} ones, {repeated} blocks repeated")

# 255 degrees of freedom: mean 255, deviation 22.6; eight deviations are no accident. Bits: the same.
if abs(chi_square - 255) > 8 * 22.6:
    sys.exit("the bytes are not distributed evenly")
if abs(ones - count * 4) > 8 * (count * 2) ** 0.5:
    sys.exit("ones and zeros are not in balance")
if repeated:
    sys.exit("blocks of 16 bytes repeat")
