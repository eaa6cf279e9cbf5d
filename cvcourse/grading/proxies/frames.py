"""Frames on a socket: a JSON tree and the raw bytes of its arrays. What is too large is refused before it is read.

A frame is a head (two letters, length of the JSON text, number of blobs), the length of each blob, the text, and the
blobs with their padding.
"""

import json
import math
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any

from cvcourse.grading.proxies.errors import PeerGoneError, WireError

_HEAD = struct.Struct("<2sII")
_MAGIC = b"cv"
MAX_TEXT = 32 << 20
MAX_BLOBS = 1 << 16
MAX_BYTES = 512 << 20
TOGETHER = 1 << 20  # frames up to this size go out in one piece: a copy costs less than many calls
AHEAD = 16 << 10  # most messages are smaller: a frame is then received with one call
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


class FrameReader:
    """Reads frames from a socket, a small one with one call: what comes after it is kept for the next."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._ahead, self._at = b"", 0

    def read(self) -> tuple[Any, list[memoryview]]:
        """The next frame: tree and blobs. Raises `WireError` for what is no frame, `PeerGoneError` at the end."""
        magic, length, count = _HEAD.unpack(self._take(_HEAD.size))
        if magic != _MAGIC or count > MAX_BLOBS:
            raise WireError("what came is no message")
        sizes = struct.unpack(f"<{count}Q", self._take(8 * count)) if count else ()
        _check_sizes(length, sizes)
        text, blobs = self._take(length), []
        if sizes:
            together = memoryview(self._take(sum(size + _padding(size) for size in sizes)))
            for size in sizes:
                blobs.append(together[:size])
                together = together[size + _padding(size) :]
        return _parse(text), blobs

    def _take(self, count: int) -> bytearray:
        """The next bytes, in memory of their own: arrays are read, and written, where they lie."""
        if self._at == len(self._ahead):
            self._ahead, self._at = b"", 0
            if 0 < count < AHEAD:
                self._ahead = self._receive(self.connection.recv, AHEAD)
        known = self._ahead[self._at : self._at + count]
        self._at += len(known)
        if len(known) == count:
            return bytearray(known)
        data, got = bytearray(count), len(known)
        data[:got] = known
        view = memoryview(data)
        while got < count:
            got += self._receive(self.connection.recv_into, view[got:])
        return data

    @staticmethod
    def _receive(receive: Callable[[Any], Any], what: Any) -> Any:
        try:
            received = receive(what)
        except TimeoutError:
            raise PeerGoneError("the answer's process did not reply in time") from None
        except ConnectionError:
            raise PeerGoneError("the answer's process has ended") from None
        except OSError as error:
            raise PeerGoneError(f"the answer's process cannot be reached: {error}") from None
        if not received:
            raise PeerGoneError("the answer's process has ended")
        return received


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
