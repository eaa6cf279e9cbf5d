"""What a cell prints and shows: collected in order, limited, and sent to the worker in small batches.

An operation is a JSON list: ["stream", name, text], ["display", data, metadata, display id or null],
["update", data, metadata, display id], ["result", data, metadata, execution count], ["error", name, text, traceback],
["clear", wait] and ["cut"] (something was dropped). `outputs.OutputBuilder` in the worker makes nbformat outputs of it.

Descriptors 1 and 2 are files in memory that the worker made. What programs and C code write there is read back before
anything else is noted, so that `print` and `os.system("echo ...")` appear in the order in which they ran, and nobody
ever waits for a reader.
"""

import base64
import codecs
import contextlib
import io
import os
import threading
import time
from collections.abc import Callable

BATCH_SECONDS = 0.1
BATCH_BYTES = 1 << 16
OPERATION_SIZE = 16  # as the worker counts
STREAMS = {"stdout": 1, "stderr": 2}

Operation = list


class Capture:
    """Collects the operations of what runs now. It does nothing in a forked child but write to the descriptors."""

    def __init__(self) -> None:
        self._send: Callable[[dict], None] | None = None
        self._limit = 1 << 20
        self._lock = threading.RLock()
        self._owner = os.getpid()
        self._pending: list[Operation] = []
        self.begin()

    def connect(self, send: Callable[[dict], None], limit: int) -> None:
        """From here on batches go out through `send`; one run may show `limit` bytes."""
        self._send, self._limit, self._owner = send, limit, os.getpid()
        self._lock = threading.RLock()
        self.begin()

    def begin(self) -> None:
        """Forget everything: a new run starts."""
        self._pending = []
        self._kept = self._total = self._batch = 0
        self._cut = False
        self._offsets = dict.fromkeys(STREAMS, 0)
        self._decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in STREAMS}
        self._flushed = time.monotonic()

    @property
    def mine(self) -> bool:
        """Whether this is the kernel's own process, not one that the student's code forked."""
        return os.getpid() == self._owner

    def stream(self, name: str, text: str) -> None:
        """Text that was written to `name`, "stdout" or "stderr"."""
        if not text:
            return
        if not self.mine:
            os.write(STREAMS[name], text.encode("utf-8", "replace"))
            return
        with self._lock:
            self._read_descriptors()
            self._stream(name, text)
            self._flush_when_due()

    def note(self, operation: Operation, size: int) -> None:
        """Any other operation; `size` is about its length in bytes."""
        if not self.mine:
            return
        with self._lock:
            self._read_descriptors()
            if self._room(size + OPERATION_SIZE):
                self._pending.append(operation)
                self._flush_when_due()

    def clear(self, wait: bool) -> None:
        """`clear_output`: what was shown so far goes, and its share of the limit with it."""
        self.note(["clear", bool(wait)], 0)
        self._kept = 0

    def flush(self) -> None:
        """Send what is pending."""
        with self._lock:
            self._read_descriptors()
            if self._pending and self._send is not None:
                self._send({"operations": self._pending, "read": self._offsets})
                self._pending, self._batch = [], 0
            self._flushed = time.monotonic()

    def _stream(self, name: str, text: str) -> None:
        rest = self._limit - self._kept - OPERATION_SIZE
        if 0 < rest < len(text):
            self._stream(name, text[:rest])  # the first part still fits
            text = text[rest:]
        last = self._pending[-1] if self._pending else [""]
        if last[:2] == ["stream", name] and len(last[2]) < BATCH_BYTES:
            if self._room(len(text)):
                last[2] += text
        elif self._room(len(text) + OPERATION_SIZE):
            self._pending.append(["stream", name, text])

    def _room(self, size: int) -> bool:
        self._kept += size
        self._total += size
        self._batch += size
        if self._kept <= self._limit and self._total <= 16 * self._limit:
            return True
        if not self._cut:
            self._cut = True
            self._pending.append(["cut"])
        return False

    def _flush_when_due(self) -> None:
        if self._batch > BATCH_BYTES or time.monotonic() - self._flushed > BATCH_SECONDS:
            self.flush()

    def _read_descriptors(self) -> None:
        for name, descriptor in STREAMS.items():
            with contextlib.suppress(OSError):  # the student's code closed it: nothing comes from there
                size = os.fstat(descriptor).st_size
                while self._offsets[name] < size:
                    data = os.pread(descriptor, min(size - self._offsets[name], BATCH_BYTES), self._offsets[name])
                    if not data:
                        break
                    self._offsets[name] += len(data)
                    self._stream(name, self._decoders[name].decode(data))


class Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of a kernel."""

    encoding, errors = "utf-8", "replace"

    def __init__(self, capture: Capture, name: str) -> None:
        super().__init__()
        self._capture, self.name = capture, name

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._capture.stream(self.name, text)
        return len(text)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return STREAMS[self.name]

    def close(self) -> None:
        """A closed stream would take every later cell's output with it."""


def as_json(data: dict) -> tuple[dict, int]:
    """A MIME bundle with its bytes in base64, and about its length."""
    bundle = {
        str(kind): base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value
        for kind, value in data.items()
    }
    return bundle, sum(len(value) if isinstance(value, str) else 1000 for value in bundle.values())
