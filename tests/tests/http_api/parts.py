"""What a package is that is sent: mostly one that the station can use, or the half of it, sometimes anything."""

import os
from pathlib import Path

import schemathesis
from hypothesis import strategies


whole = Path(os.environ["PACKAGE"]).read_bytes()
files = strategies.sampled_from([whole, whole[: len(whole) // 2]]) | strategies.binary(max_size=64)
schemathesis.openapi.media_type("application/zip", files)
