"""Messages between worker and kernel: a length of four bytes, then JSON. Nothing that is read can execute anything."""

import json
import socket
import struct
from collections.abc import Iterator

_HEAD = struct.Struct("<I")


class WireError(ValueError):
    """What came is no message: too long, or not JSON."""


def pack(message: dict) -> bytes:
    """One message as bytes."""
    body = json.dumps(message).encode()
    return _HEAD.pack(len(body)) + body


class Frames:
    """Takes bytes as they come and gives whole messages; `longest` is the largest body, in bytes, that it accepts."""

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self._bytes = bytearray()

    def feed(self, data: bytes) -> Iterator[dict]:
        """Add `data` and yield the messages that are complete. Raises `WireError`."""
        self._bytes += data
        while len(self._bytes) >= _HEAD.size:
            (length,) = _HEAD.unpack_from(self._bytes)
            if length > self.longest:
                raise WireError(f"a message of {length} bytes; {self.longest} are allowed")
            end = _HEAD.size + length
            if len(self._bytes) < end:
                return
            body = bytes(self._bytes[_HEAD.size : end])
            del self._bytes[:end]
            yield _parse(body)


def _no_constant(name: str) -> None:
    raise WireError(f"{name} is not JSON")


def _parse(body: bytes) -> dict:
    try:
        message = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:  # WireError is a ValueError
        raise WireError(str(error)) from None
    if not isinstance(message, dict):
        raise WireError("a message must be a JSON object")
    return message


def receive(connection: socket.socket) -> dict:
    """The next message of a blocking socket. Raises `EOFError` when the other side has gone."""
    (length,) = _HEAD.unpack(_exactly(connection, _HEAD.size))
    return _parse(_exactly(connection, length))


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        piece = connection.recv(min(count - len(data), 1 << 20))
        if not piece:
            raise EOFError("the other side has gone")
        data += piece
    return bytes(data)
