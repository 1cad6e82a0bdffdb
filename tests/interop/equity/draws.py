"""The draws of `desserte equity index --bootstrap`, made again from the words in its JSON: ChaCha8 in NumPy.

RFC 8439's ChaCha with 8 rounds, and with counter and stream number of 64 bits as Bernstein's original has them.
"""

import numpy as np


def words(seed, stream, count):
    """The first `count` words of each stream of an array of stream numbers."""
    stream = np.asarray(stream, np.uint64)
    key = np.frombuffer(seed.to_bytes(8, "little") + bytes(24), "<u4")
    blocks = -(-count // 16)
    start = np.zeros((16, len(stream), blocks), np.uint32)
    start[:4] = np.frombuffer(b"expand 32-byte k", "<u4")[:, None, None]
    start[4:12] = key[:, None, None]
    start[12] = np.arange(blocks, dtype=np.uint32)
    start[14] = (stream & 0xFFFFFFFF).astype(np.uint32)[:, None]
    start[15] = (stream >> np.uint64(32)).astype(np.uint32)[:, None]
    x = start.copy()

    def turn(word, bits):
        return (word << np.uint32(bits)) | (word >> np.uint32(32 - bits))

    def quarter(a, b, c, d):
        for left, right, last, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            x[left] += x[right]
            x[last] = turn(x[last] ^ x[left], bits)

    for _ in range(4):
        for column in range(4):
            quarter(column, 4 + column, 8 + column, 12 + column)
        for column in range(4):
            quarter(column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4)
    x += start
    return np.moveaxis(x, 0, -1).reshape(len(stream), -1)[:, :count]


def places(seed, draws, units):
    """Which unit each draw takes in each of its places, where every unit is its own cluster."""
    product = words(seed, np.arange(draws), units).astype(np.uint64) * np.uint64(units)
    assert not np.any((product & np.uint64(0xFFFFFFFF)) < 2**32 % units), "a word would be drawn again"
    return (product >> np.uint64(32)).astype(np.int64)


class Chance:
    """One stream of places, drawn one after the other with Lemire's rejection."""

    def __init__(self, seed, stream, words_wanted):
        self.words = iter(words(seed, [stream], words_wanted)[0].tolist())

    def below(self, count):
        while True:
            product = next(self.words) * count
            low = product & 0xFFFFFFFF
            if low >= count or low >= 2**32 % count:
                return product >> 32


def shuffled(count, seed, stream):
    """Places in another order: Fisher and Yates, from the end."""
    chance, order = Chance(seed, stream, 2 * count + 64), list(range(count))
    for last in range(count - 1, 0, -1):
        at = chance.below(last + 1)
        order[last], order[at] = order[at], order[last]
    return order
