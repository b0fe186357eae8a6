#!/usr/bin/env python3
"""A camera for ProcVision frame pools, in Python 3.9 or later, with nothing but the standard library.

As a module:

    from procvision_camera import Camera

    with Camera("cam-01", slots=4, slot_bytes=2 << 20) as camera:
        slot = camera.acquire()
        if slot is None:
            ...                          # every slot is in use: this picture is dropped, the next one may fit
        else:
            slot.buffer[: len(pixels)] = pixels
            reference = camera.publish(slot, width=640, height=480, format="Mono8")

`reference`, such as "pool:cam-01/2/40996297290", goes into a call as `shared_mem_id`.

As a program it publishes a gradient or a file of raw pixels; see `python3 procvision_camera.py --help`.

The broker (`procvision frames broker`) keeps the pool. The protocol is described in docs/frame-pool.md.
"""

import argparse
import json
import mmap
import os
import socket
import sys
import tempfile
import time
import weakref

PROTOCOL = 1
PACKET_BYTES = 4096
SLOT_GRANULE = 2 << 20
BYTES_PER_PIXEL = {
    "Mono8": 1, "RGB8": 3, "BGR8": 3, "BayerRG8": 1, "BayerGR8": 1, "BayerGB8": 1, "BayerBG8": 1,
}


# Cameras that are open in this process.
_cameras = weakref.WeakSet()


def _close_in_child():
    """Lets go of the sockets that a forked child has copies of: a camera hangs up only when the last copy is closed.

    They are closed and not shut down, which would hang up for the parent too.
    """
    for camera in list(_cameras):
        camera._socket.close()


os.register_at_fork(after_in_child=_close_in_child)


class BrokerError(Exception):
    """The broker refused; `code` is its word for why. The connection can still be used."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def default_socket():
    """The broker's socket if none is named, as `procvision frames` finds it."""
    named = os.environ.get("PROCVISION_FRAMES_SOCKET")
    if named:
        return named
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime):
        folder = os.path.join(runtime, "procvision")
    else:
        folder = os.path.join(tempfile.gettempdir(), "procvision-%d" % os.geteuid())
    # Somebody else could listen in a folder that is not private.
    found = os.lstat(folder)
    if found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise PermissionError("%s must belong to you and be closed to others (mode 0700)" % folder)
    return os.path.join(folder, "frames.sock")


class Slot:
    """A piece of the pool that belongs to the camera until it is published or abandoned.

    `buffer` is a writable memoryview of all its bytes. It is released when the slot is published or abandoned, so that
    a picture cannot be changed by mistake when others may be looking at it.
    """

    def __init__(self, index, buffer):
        self.index = index
        self.buffer = buffer


class Camera:
    """The producer of one pool. Use it from one thread at a time.

    When it is closed, or the process ends in whatever way, slots that were being written are free again; published
    pictures stay until their slots are needed. In a process that was forked from this one, such as those of
    `multiprocessing`, the camera cannot be used.
    """

    def __init__(self, pool, slots, slot_bytes, path=None, timeout=120.0):
        """Connects. `slots` is 1 to 256, `slot_bytes` a multiple of 2 MiB; the pool is made if it is not there.

        `timeout` is how long the broker may take to answer, in seconds; making a large pool takes a moment.
        """
        self._memory = None
        self._slots = {}
        self._slot_bytes = slot_bytes
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        _cameras.add(self)
        try:
            self._socket.settimeout(timeout)
            self._socket.connect(path or default_socket())
            hello = {"type": "hello", "protocol": PROTOCOL, "role": "producer",
                     "pool": pool, "slots": slots, "slot_bytes": slot_bytes}
            _, descriptors = self._ask(hello, "producer")
            try:
                self._memory = mmap.mmap(descriptors[0], slots * slot_bytes)
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
        except BaseException:
            self.close()
            raise

    def acquire(self):
        """A slot to write, or None if every slot is in use; the broker counts that picture as dropped."""
        reply, _ = self._ask({"type": "acquire"}, "slot", "busy")
        if reply["type"] == "busy":
            return None
        start = reply["slot"] * self._slot_bytes
        with memoryview(self._memory) as whole:
            slot = Slot(reply["slot"], whole[start:start + self._slot_bytes])
        self._slots[slot.index] = slot
        return slot

    def publish(self, slot, width, height, format="RGB8", stride=None, offset=0, timestamp_ms=None, camera_id=""):
        """Makes the picture in the slot known and returns its reference.

        If the header is wrong, BrokerError is raised and the slot still belongs to the camera. `timestamp_ms` is the
        time of the picture in milliseconds since 1970, now if not given.
        """
        header = {
            "format": format, "width": width, "height": height,
            "stride": width * BYTES_PER_PIXEL.get(format, 1) if stride is None else stride,
            "offset": offset,
            "timestamp_ms": int(time.time() * 1000) if timestamp_ms is None else timestamp_ms,
            "camera_id": camera_id,
        }
        reply, _ = self._ask({"type": "publish", "slot": slot.index, "header": header}, "published")
        self._forget(slot)
        return reply["reference"]

    def abandon(self, slot):
        """Gives a slot back without a picture."""
        self._ask({"type": "abandon", "slot": slot.index}, "abandoned")
        self._forget(slot)

    def close(self):
        """Hangs up. Views that the caller has made of a buffer keep the memory, but not the slot."""
        try:
            # A child process may have a copy of the socket; this hangs up all the same.
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # It is not connected.
        self._socket.close()
        for slot in list(self._slots.values()):
            self._forget(slot)
        if self._memory is not None:
            try:
                self._memory.close()
            except BufferError:
                pass  # Somebody still has a view; the memory goes with the last one.
            self._memory = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _forget(self, slot):
        self._slots.pop(slot.index, None)
        slot.buffer.release()

    def _ask(self, message, *expected):
        """Sends one packet and waits for the answer, with the descriptors that come beside it."""
        try:
            self._socket.send(json.dumps(message).encode())
        except (BrokenPipeError, ConnectionResetError):
            pass  # The broker has hung up; what it said before is still to be read.
        except socket.timeout:
            self.close()
            raise
        try:
            packet, descriptors = self._receive()
        except ConnectionResetError:
            packet, descriptors = self._receive()
        except socket.timeout:
            # An answer that comes later must not be taken for that to another question.
            self.close()
            raise
        if not packet:
            raise ConnectionError("the frame broker has hung up")
        reply = json.loads(packet)
        if reply.get("type") == "error":
            raise BrokerError(reply.get("code"), reply.get("message"))
        if reply.get("type") not in expected:
            raise ConnectionError("what answers at the socket is no frame broker that this version knows")
        return reply, descriptors

    def _receive(self):
        packet, descriptors, _, _ = socket.recv_fds(self._socket, PACKET_BYTES, 2, socket.MSG_CMSG_CLOEXEC)
        return packet, descriptors


def gradient(width, height, number):
    """A gray picture that is different each time: brighter to the right and downwards."""
    return bytes((x + y + number) % 256 for y in range(height) for x in range(width))


def positive(kind):
    """What argparse takes for a number above zero."""

    def parse(text):
        value = kind(text)
        if not 0 < value < float("inf"):
            raise ValueError(text)
        return value

    parse.__name__ = "positive number"
    return parse


def size(text):
    """WIDTHxHEIGHT in pixels."""
    width, height = (positive(int)(side) for side in text.split("x"))
    return width, height


def main():
    parser = argparse.ArgumentParser(description="Publish pictures in a frame pool, and print their references.")
    parser.add_argument("--pool", required=True, help="name of the pool")
    parser.add_argument("--raw", metavar="FILE", help="raw pixels to publish [default: a gray gradient]")
    parser.add_argument("--size", type=size, default="640x480", metavar="WIDTHxHEIGHT", help="[default: %(default)s]")
    parser.add_argument("--format", default="Mono8", choices=BYTES_PER_PIXEL, help="of the raw pixels")
    parser.add_argument("--count", type=positive(int), default=1, help="how many pictures [default: %(default)s]")
    parser.add_argument("--fps", type=positive(float), default=10.0, help="pictures a second [default: %(default)s]")
    parser.add_argument("--slots", type=positive(int), default=4, help="how many slots the pool has [default: %(default)s]")
    parser.add_argument("--socket", help="the broker's socket [default: as `procvision frames` finds it]")
    arguments = parser.parse_args()
    if arguments.raw is None and arguments.format != "Mono8":
        parser.error("--format is for --raw; the gradient is Mono8")
    width, height = arguments.size
    wanted = width * height * BYTES_PER_PIXEL[arguments.format]
    pixels = None
    if arguments.raw is not None:
        try:
            with open(arguments.raw, "rb") as file:
                pixels = file.read(wanted + 1)
        except OSError as error:
            parser.error("cannot read the raw pixels: %s" % error)
        if len(pixels) != wanted:
            parser.error("%s does not hold %d bytes" % (arguments.raw, wanted))

    slot_bytes = -(-wanted // SLOT_GRANULE) * SLOT_GRANULE
    with Camera(arguments.pool, arguments.slots, slot_bytes, arguments.socket) as camera:
        for number in range(arguments.count):
            if number:
                time.sleep(1 / arguments.fps)
            slot = camera.acquire()
            if slot is None:
                print("dropped: every slot is in use", file=sys.stderr)
                continue
            slot.buffer[:wanted] = gradient(width, height, number) if pixels is None else pixels
            print(camera.publish(slot, width, height, arguments.format, camera_id=arguments.pool), flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Nobody reads the references any more. Python would complain once more when it closes its output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (FileNotFoundError, ConnectionRefusedError) as error:
        print("error: no frame broker answers: %s; start one with `procvision frames broker`" % error, file=sys.stderr)
        sys.exit(2)
    except (BrokerError, OSError, ValueError) as error:
        print("error: %s" % error, file=sys.stderr)
        sys.exit(2)
