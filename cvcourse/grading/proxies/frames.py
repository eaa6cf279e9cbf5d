"""Frames on a socket: a JSON tree and the raw bytes of its arrays. What is too large is refused before it is read.

A frame is a head (two letters, length of the JSON text, number of blobs), the length of each blob, the text, and the
blobs with their padding.
"""

import json
import math
import socket
import struct
from collections.abc import Sequence
from typing import Any

from cvcourse.grading.proxies.errors import PeerGoneError, WireError

_HEAD = struct.Struct("<2sII")
_MAGIC = b"cv"
MAX_TEXT = 32 << 20
MAX_BLOBS = 1 << 16
MAX_BYTES = 512 << 20
TOGETHER = 1 << 20  # frames up to this size go out in one piece: a copy costs less than many calls
ALIGNED = 16  # each blob begins at a multiple of it, so that numbers in it can be read where they lie

Blob = bytes | bytearray | memoryview


def _padding(size: int) -> int:
    return -size % ALIGNED


def write_frame(connection: socket.socket, tree: Any, blobs: Sequence[Blob]) -> None:
    """Send one frame. Raises `WireError` where it is too large, `PeerGoneError` where nobody reads."""
    text = _ENCODER.encode(tree).encode()
    check_frame(blobs, len(text))
    sizes = [len(blob) for blob in blobs]
    head = _HEAD.pack(_MAGIC, len(text), len(sizes)) + struct.pack(f"<{len(sizes)}Q", *sizes) + text
    pieces = [head, *(piece for blob in blobs for piece in (blob, bytes(_padding(len(blob)))))]
    if sum(sizes) <= TOGETHER:
        pieces = [b"".join(pieces)]
    try:
        for piece in pieces:
            connection.sendall(piece)
    except OSError as error:
        raise PeerGoneError(f"the process of the answer takes nothing more: {error}") from None


def read_frame(connection: socket.socket) -> tuple[Any, list[memoryview]]:
    """The next frame: its tree and its blobs. Raises `WireError` for what is no frame, `PeerGoneError` at the end."""
    magic, length, count = _HEAD.unpack(_exactly(connection, _HEAD.size))
    if magic != _MAGIC or count > MAX_BLOBS:
        raise WireError("what came is no message")
    sizes = list(struct.unpack(f"<{count}Q", _exactly(connection, 8 * count)))
    _check_sizes(length, sizes)
    text = _exactly(connection, length)
    together, blobs = memoryview(_exactly(connection, sum(size + _padding(size) for size in sizes))), []
    for size in sizes:
        blobs.append(together[:size])
        together = together[size + _padding(size) :]
    return _parse(text), blobs


def _parse(text: bytearray) -> Any:
    try:
        return _DECODER.decode(text.decode())
    except (ValueError, RecursionError) as error:
        raise WireError(f"what came is no message: {str(error)[:100]}") from None


def check_frame(blobs: Sequence[Blob], text: int = 0) -> None:
    """Raise `WireError` where these bytes are too much for one frame."""
    _check_sizes(text, [len(blob) for blob in blobs])


def _check_sizes(text: int, sizes: Sequence[int]) -> None:
    if text > MAX_TEXT or len(sizes) > MAX_BLOBS or math.fsum(sizes) > MAX_BYTES:
        raise WireError(f"{text + sum(sizes):,} bytes in {len(sizes)} arrays are too large")


def _no_constant(name: str) -> None:
    raise WireError(f"{name} is not JSON")


_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def _exactly(connection: socket.socket, count: int) -> bytearray:
    data = bytearray(count)
    view, got = memoryview(data), 0
    while got < count:
        try:
            read = connection.recv_into(view[got:])
        except TimeoutError:
            raise PeerGoneError("the answer's process did not reply in time") from None
        except ConnectionError:
            raise PeerGoneError("the answer's process has ended") from None
        except OSError as error:
            raise PeerGoneError(f"the answer's process cannot be reached: {error}") from None
        if not read:
            raise PeerGoneError("the answer's process has ended")
        got += read
    return data
