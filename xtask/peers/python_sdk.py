"""The original Python SDK: a picture that lies in its store as an array, read by the SDK and looked at in `execute`.

Measured twice: as in production, through the SDK's adapter, a process that is asked over its pipes; and without the
adapter, by calling what it calls. The store is a folder in memory. The picture is written beforehand, which is not
measured. The adapter wants a second picture with every call, so it gets one of 1 x 1 pixel.
"""

import json
import os
import subprocess
import sys
import tempfile

from common import answer, measure, pages, picture, sizes

META_OF_GUIDE = {"width": 1, "height": 1}


class Adapter:
    """The SDK's own adapter process."""

    def __init__(self):
        command = [sys.executable, "-m", "procvision_algorithm_sdk.adapter", "--entry", "measured:Measured"]
        here = os.path.dirname(os.path.abspath(__file__))
        self.process = subprocess.Popen(command, cwd=here, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.read()
        self.number = 0

    def read(self):
        length = int.from_bytes(self.process.stdout.read(4), "big")
        return json.loads(self.process.stdout.read(length))

    def write(self, message):
        body = json.dumps(message).encode()
        self.process.stdin.write(len(body).to_bytes(4, "big") + body)
        self.process.stdin.flush()

    def call(self, meta):
        self.number += 1
        data = {
            "step_index": 1,
            "step_desc": "measure",
            "cur_image_shm_id": "dev-shm:bench:cur",
            "cur_image_meta": meta,
            "guide_image_shm_id": "dev-shm:bench:guide",
            "guide_image_meta": META_OF_GUIDE,
            "guide_info": [],
        }
        self.write({"type": "call", "request_id": str(self.number), "data": data})
        return self.read()["data"]["debug"]["sum"]

    def end(self):
        self.write({"type": "shutdown"})
        self.process.wait()


def main():
    folder_of_memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(prefix="procvision-peers-", dir=folder_of_memory) as store:
        os.environ["PROC_SHM_DIR"] = store
        from measured import Measured
        from procvision_algorithm_sdk import shared_memory

        def put(name, array):
            shared_memory.write_image_array_to_shared_memory(name, array)
            # The platform is another process: what the SDK keeps in this one must not be found.
            shared_memory.dev_clear_shared_memory(name)

        adapter = Adapter()
        algorithm = Measured()
        put("dev-shm:bench:guide", picture({"width": 1, "height": 1}))
        rows = []
        for size in sizes():
            array = picture(size)
            put("dev-shm:bench:cur", array)
            meta = {"width": size["width"], "height": size["height"]}

            def direct():
                image = shared_memory.read_image_from_shared_memory("dev-shm:bench:cur", meta)
                guide = shared_memory.read_image_from_shared_memory("dev-shm:bench:guide", META_OF_GUIDE)
                return algorithm.execute(1, "measure", image, guide, [])["data"]["debug"]["sum"]

            expected = pages(array)
            rows.append(measure("Python SDK, its adapter", size, lambda: adapter.call(meta), expected))
            rows.append(measure("Python SDK, no adapter", size, direct, expected))
        adapter.end()
    answer(rows)


if __name__ == "__main__":
    main()
