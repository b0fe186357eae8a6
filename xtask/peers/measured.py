"""The algorithm of the original SDK that is measured: looks at one byte of each page and judges nothing.

`measured/src/lib.rs` is the same for this project's adapter.
"""

import time

from procvision_algorithm_sdk import BaseAlgorithm

from common import pages

BUSY = "busy"
BUSY_SECONDS = 1.0


class Measured(BaseAlgorithm):
    """Named by `--entry measured:Measured`."""

    def execute(self, step_index, step_desc, cur_image, guide_image, guide_info):
        if step_desc == BUSY:
            begun = time.perf_counter()
            while time.perf_counter() - begun < BUSY_SECONDS:
                sum(range(10_000))
        found = pages(cur_image) + pages(guide_image)
        return {"status": "OK", "data": {"result_status": "OK", "debug": {"sum": found}}}
