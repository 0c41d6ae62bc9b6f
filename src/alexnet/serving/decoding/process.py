"""A process that decodes pictures: `python -m alexnet.serving.decoding.process BYTES`, started by the pool.

Requests come in and answers go out on the socket that is its standard input. It may use so many bytes of address space,
writes no file and leaves no core; it ends when the socket does, and on Linux with its parent.
"""

import ctypes
import os
import resource
import signal
import socket
import sys

import numpy as np

from alexnet.data.decoding.images import square, square_pixels
from alexnet.errors import DataError
from alexnet.serving.decoding.messages import ASK, DECODED, FILE, READY, REFUSED, SAY

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def main(memory_bytes: int) -> None:
    """Answer until nobody asks any more."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(limit, (0, 0))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the service's to handle: it may have requests to finish
    with socket.socket(fileno=os.dup(0)) as connection:
        connection.sendall(SAY.pack(READY, 0))
        while head := _received(connection, ASK.size):
            kind, side, most_pixels, height, width, length = ASK.unpack(head)
            content = _received(connection, length)
            if len(content) < length:
                return
            try:
                if kind == FILE:
                    pixels = square(bytes(content), side, max_pixels=most_pixels)
                else:
                    pixels = square_pixels(np.frombuffer(content, np.uint8).reshape(height, width, 3), side)
                connection.sendall(SAY.pack(DECODED, pixels.nbytes) + pixels.tobytes())
            except DataError as error:
                words = str(error).encode()
                connection.sendall(SAY.pack(REFUSED, len(words)) + words)


def _received(connection: socket.socket, length: int) -> bytearray:
    """Return so many bytes, or fewer where the other end has closed."""
    content = bytearray(length)
    view, done = memoryview(content), 0
    while done < length:
        count = connection.recv_into(view[done:])
        if not count:
            view.release()
            return content[:done]
        done += count
    return content


if __name__ == "__main__":
    main(int(sys.argv[1]))
