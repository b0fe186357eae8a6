"""What the peers' measurements share: pictures, samples, and the answer to `cargo xtask bench peers`.

Each script takes one argument, a JSON list of sizes with `size`, `width` and `height`, and prints a JSON list of rows.
"""

import json
import sys
import time

import numpy

WANTED = 300
LEAST = 20
SECONDS = 3.0
PAGE = 4096


def sizes():
    """The sizes that are to be measured."""
    return json.loads(sys.argv[1])


def picture(size):
    """Noise of the given size, three bytes a pixel."""
    generator = numpy.random.default_rng(1)
    return generator.integers(0, 256, (size["height"], size["width"], 3), dtype=numpy.uint8)


def pages(array):
    """The sum of one byte of each page: what every receiver computes."""
    return int(array.reshape(-1)[::PAGE].sum(dtype=numpy.uint64))


def measure(peer, size, once, expected):
    """Runs `once` again and again; its answer must be `expected`."""
    samples = []
    found = once()
    if found != expected:
        raise SystemExit(f"{peer} answered {found} in place of {expected}")
    begun = time.perf_counter()
    while len(samples) < LEAST or (len(samples) < WANTED and time.perf_counter() - begun < SECONDS):
        start = time.perf_counter_ns()
        once()
        samples.append(time.perf_counter_ns() - start)
    samples.sort()
    return {
        "peer": peer,
        "size": size["size"],
        "p50_us": rank(samples, 50),
        "p99_us": rank(samples, 99),
        "samples": len(samples),
    }


def rank(samples, percent):
    """The percentile by nearest rank, in microseconds."""
    return samples[max(1, -(-len(samples) * percent // 100)) - 1] / 1000


def answer(rows):
    """Prints the rows for the caller."""
    json.dump(rows, sys.stdout)
