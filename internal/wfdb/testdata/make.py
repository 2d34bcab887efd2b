#!/usr/bin/env python3
"""Writes records of every format that is read, and what they hold.

The encoders follow signal(5) of the WFDB Applications Guide, bit by bit, and share
nothing with the Go code: a sample is a string of bits that is put where signal(5) says.
"""
import json
import random


def bits(v, n):
    """v in two's complement, the lowest bit first."""
    return [(v >> i) & 1 for i in range(n)]


def pack(b):
    """Bytes of bits, the lowest bit of each first."""
    return bytes(sum(x << i for i, x in enumerate(b[k:k + 8])) for k in range(0, len(b), 8))


def little(n):
    return lambda x: b"".join(pack(bits(v, n)) for v in x)


def big16(x):
    return b"".join(pack(bits(v, 16))[::-1] for v in x)


def offset(n):
    return lambda x: b"".join(pack(bits(v + 2 ** (n - 1), n)) for v in x)


def f212(x):
    out = b""
    for k in range(0, len(x), 2):
        first, second = bits(x[k], 12), bits(x[k + 1] if k + 1 < len(x) else 0, 12)
        three = pack(first[:8] + first[8:] + second[8:] + second[:8])
        out += three if k + 1 < len(x) else three[:2]
    return out


def f310(x):
    out = b""
    for k in range(0, len(x), 3):
        a, b, c = (bits(v, 10) for v in (x[k:k + 3] + [0, 0])[:3])
        pairs = pack([0] + a + c[:5]) + pack([0] + b + c[5:])
        out += pairs if k + 1 < len(x) else pairs[:2]
    return out


def f311(x):
    out = b""
    for k in range(0, len(x), 3):
        a, b, c = (bits(v, 10) for v in (x[k:k + 3] + [0, 0])[:3])
        out += pack(a + b + c + [0, 0])
    return out


def difference(x, signals, first):
    last, out = list(first), b""
    for i, v in enumerate(x):
        out += pack(bits(v - last[i % signals], 8))
        last[i % signals] = v
    return out


def main():
    random.seed(1)
    want = {}
    widths = {16: 16, 24: 24, 32: 32, 61: 16, 80: 8, 160: 16, 212: 12, 310: 10, 311: 10, 8: 16}
    coders = {16: little(16), 24: little(24), 32: little(32), 61: big16, 80: offset(8), 160: offset(16), 212: f212, 310: f310, 311: f311}
    for fmt, width in widths.items():
        top = 2 ** (width - 1) - 1
        for signals in (1, 2, 3):
            frames = 7
            x = [random.randint(-top, top) for _ in range(frames * signals)]
            x[signals], x[2 * signals] = top, -top
            if fmt == 8:
                x = [random.randint(-9, 9) for _ in x]
                for i in range(signals, len(x)):
                    x[i] = x[i - signals] + random.randint(-128, 127)
                data = difference(x, signals, x[:signals])
            else:
                x[-1] = -top - 1  # missing
                data = coders[fmt](x)
            name = f"f{fmt}x{signals}"
            head = f"{name} {signals} 100 {frames}\n"
            for s in range(signals):
                total = sum(x[s::signals]) & 0xffff
                head += f"{name}.dat {fmt} 1(0)/u {width} 0 {x[s]} {total - 65536 if total > 32767 else total} 0 s{s}\n"
            want[name] = [None if fmt != 8 and v == -top - 1 else v for v in x]
            with open(f"{name}.hea", "w") as f:
                f.write(head)
            with open(f"{name}.dat", "wb") as f:
                f.write(data)
    with open("want.json", "w") as f:
        json.dump(want, f)
        f.write("\n")


main()
