"""Messages of the kernels: whole ones in order, and a clear error for what is none."""

import json
import socket
import struct

import pytest

from cvcourse.grading.isolation.wire import Frames, WireError, pack, receive


def test_messages_survive_any_cut_of_the_stream() -> None:
    messages = [{"a": 1}, {"text": "ä" * 500}, {}]
    stream = b"".join(map(pack, messages))
    for step in (1, 3, 7, len(stream)):
        frames = Frames(longest=10_000)
        pieces = [stream[i : i + step] for i in range(0, len(stream), step)]
        assert [message for piece in pieces for message in frames.feed(piece)] == messages


@pytest.mark.parametrize(
    "body",
    [b"nothing", b"[1]", b"NaN", b'{"a": Infinity}', b"[" * 100_000, b"\xff\xfe", b"1" * 10_000],
    ids=["text", "list", "nan", "infinity", "deep", "not utf-8", "huge number"],
)
def test_what_is_no_message_raises(body: bytes) -> None:
    with pytest.raises(WireError):
        list(Frames(longest=1 << 20).feed(struct.pack("<I", len(body)) + body))


def test_a_long_message_is_refused_before_it_is_read() -> None:
    with pytest.raises(WireError, match="4294967295 bytes; 1000 are allowed"):
        list(Frames(longest=1000).feed(b"\xff\xff\xff\xff"))


def test_receive_waits_for_all_of_a_message_and_notes_the_end() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        whole = pack({"a": [1, 2]})
        theirs.sendall(whole + whole[:3])
        assert receive(ours) == json.loads('{"a": [1, 2]}')
        theirs.close()
        with pytest.raises(EOFError):
            receive(ours)
