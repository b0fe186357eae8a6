"""Puts the pictures that adapters are measured with into a folder: `pictures.py FOLDER PHOTOGRAPH`.

FOLDER becomes the original SDK's store of development: each picture is there raw, as an array, and encoded, as a JPEG
file. Beside them are the same pictures as PNG files, for the pool. What is shown is the photograph, side by side with its
mirror images, with a little noise as of a camera. Prints a JSON list: what each picture is called, its size and the sum that
a receiver must find, for JPEG as this process decodes it.
"""

import io
import json
import os
import sys

import numpy
from PIL import Image

from common import pages
from procvision_algorithm_sdk import shared_memory

# Products follow each other; the guide picture stays.
CURRENT = {f"current-{number}": (1920, 1080) for number in range(6)}
SIZES = {**CURRENT, "guide": (1920, 1080), "dot": (1, 1)}
QUALITY = 90


def tiled(photograph, width, height, seed):
    """The photograph as often as it fits, each time mirrored, and noise."""
    generator = numpy.random.default_rng(seed)
    row = numpy.concatenate([photograph, photograph[:, ::-1]], axis=1)
    tile = numpy.concatenate([row, row[::-1]], axis=0)
    across, down = (-(-width // tile.shape[1]), -(-height // tile.shape[0]))
    whole = numpy.tile(tile, (down, across, 1))[:height, :width].astype(numpy.int16)
    whole += generator.integers(-3, 4, whole.shape, dtype=numpy.int16)
    return numpy.ascontiguousarray(numpy.clip(whole, 0, 255).astype(numpy.uint8))


def main():
    folder, photograph = sys.argv[1:]
    os.environ["PROC_SHM_DIR"] = folder
    photograph = numpy.array(Image.open(photograph).convert("RGB"))
    told = []
    for seed, (name, (width, height)) in enumerate(SIZES.items()):
        array = tiled(photograph, width, height, seed)
        Image.fromarray(array).save(os.path.join(folder, name + ".png"), compress_level=1)
        file = io.BytesIO()
        Image.fromarray(array).save(file, "JPEG", quality=QUALITY)
        shared_memory.write_image_array_to_shared_memory("dev-shm:raw:" + name, array)
        shared_memory.dev_write_image_to_shared_memory("dev-shm:jpeg:" + name, file.getvalue())
        decoded = numpy.array(Image.open(file))
        told.append({"name": name, "width": width, "height": height, "raw": pages(array), "jpeg": pages(decoded)})
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
