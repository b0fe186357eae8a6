"""Extism's Python host: a picture as the input of a plugin, which looks at one byte of each page.

Measured twice: with a plugin that asks for those bytes alone, and with one that first copies its input into its own
memory, as Extism's development kits do. The plugin is text, which Extism compiles when it is loaded.
"""

import os

import extism
from common import answer, measure, pages, picture, sizes


def main():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "extism_plugin.wat"), "rb") as file:
        text = file.read()
    rows = []
    with extism.Plugin(text) as plugin:
        for size in sizes():
            array = picture(size)
            image = array.tobytes()

            def call(function):
                return int.from_bytes(plugin.call(function, image), "little")

            expected = pages(array)
            rows.append(measure("Extism, in place", size, lambda: call("in_place"), expected))
            rows.append(measure("Extism, copied", size, lambda: call("copied"), expected))
    answer(rows)


if __name__ == "__main__":
    main()
