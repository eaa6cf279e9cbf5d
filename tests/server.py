"""A file server on the loopback that can be told to misbehave, for tests of downloads.

with FileServer({"mnist/a.gz": data}) as server:
    server.misbehave("mnist/a.gz", truncate(at=1000), times=1)
    ...                      # download from server.url
    server.log               # what was asked for and how many bytes went out
"""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST = "127.0.0.1"


@dataclass
class Request:
    """One request: path, first byte asked for (None: the whole file), status of the answer, bytes of body sent."""

    path: str
    start: int | None
    status: int = 0
    sent: int = 0


class Answer:
    """The right answer to a request, in steps that a fault may replace."""

    def __init__(self, handler: BaseHTTPRequestHandler, data: bytes, request: Request, stop: threading.Event) -> None:
        self.handler, self.data, self.request, self.stop = handler, data, request, stop

    def head(self, *, ranges: bool = True, status: int | None = None, length: int | None = None) -> bytes:
        """Send status and headers; gives the body that they announce."""
        start = self.request.start if ranges else None
        body = self.data[start or 0 :]
        self.request.status = status or (200 if start is None else 206)
        self.handler.send_response(self.request.status)
        if self.request.status == 206:
            self.handler.send_header("Content-Range", f"bytes {start}-{len(self.data) - 1}/{len(self.data)}")
        self.handler.send_header("Content-Length", str(len(body) if length is None else length))
        self.handler.end_headers()
        return body

    def body(self, data: bytes) -> None:
        """Send `data`. It is counted first: the other side may have read it all before this thread goes on."""
        self.request.sent += len(data)
        self.handler.wfile.write(data)


Fault = Callable[[Answer], None]


def truncate(at: int) -> Fault:
    """Promise the whole file, send `at` bytes of it, close."""

    def answer(reply: Answer) -> None:
        reply.body(reply.head()[:at])

    return answer


def corrupt(at: int) -> Fault:
    """Send the file with the byte `at` changed."""

    def answer(reply: Answer) -> None:
        body = bytearray(reply.head())
        body[at] ^= 0xFF
        reply.body(bytes(body))

    return answer


def stall(at: int) -> Fault:
    """Send `at` bytes, then nothing, and keep the connection open."""

    def answer(reply: Answer) -> None:
        reply.body(reply.head()[:at])
        reply.handler.wfile.flush()
        reply.stop.wait(30)

    return answer


def drip(pause: float) -> Fault:
    """Send one byte every `pause` seconds, so that no single wait is long."""

    def answer(reply: Answer) -> None:
        for byte in reply.head():
            if reply.stop.wait(pause):
                return
            reply.body(bytes([byte]))

    return answer


def silence() -> Fault:
    """Accept the request and never answer it."""

    def answer(reply: Answer) -> None:
        reply.stop.wait(30)

    return answer


def status(code: int) -> Fault:
    """Answer with an HTTP status such as 404 or 500."""

    def answer(reply: Answer) -> None:
        reply.head(status=code, length=0)

    return answer


def ignore_range() -> Fault:
    """Send the whole file whatever range was asked for."""

    def answer(reply: Answer) -> None:
        reply.body(reply.head(ranges=False))

    return answer


def login_page() -> Fault:
    """Answer 200 with a page, as a network does that wants a log-in first."""

    def answer(reply: Answer) -> None:
        page = b"<html>Please log in</html>"
        reply.head(ranges=False, length=len(page))
        reply.body(page)

    return answer


class FileServer:
    """Serves `files` (path without a leading `/`: bytes), with HTTP ranges, at `url`, on a port of its own.

    Attributes:
        files: what is served; may be changed while it runs.
        log: the requests, in the order of coming.
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = dict(files)
        self.log: list[Request] = []
        self._faults: dict[str, tuple[Fault, int | None]] = {}
        self._stop = threading.Event()
        self._lock = threading.Lock()

    def misbehave(self, path: str, fault: Fault, *, times: int | None = None) -> None:
        """Answer the next `times` requests for `path` (None: all) with `fault`."""
        self._faults[path] = (fault, times)

    def behave(self) -> None:
        """Answer rightly from now on."""
        self._faults.clear()

    @property
    def sent(self) -> int:
        """Bytes of body sent so far."""
        return sum(request.sent for request in self.log)

    @property
    def url(self) -> str:
        """The base address, without a `/` at its end."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    def __enter__(self) -> "FileServer":
        self._server = ThreadingHTTPServer((HOST, 0), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _take_fault(self, path: str) -> Fault | None:
        with self._lock:
            fault, times = self._faults.get(path, (None, None))
            if times is not None:
                if times <= 1:
                    del self._faults[path]
                else:
                    self._faults[path] = (fault, times - 1)
            return fault

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path.lstrip("/")
        span = handler.headers.get("Range")
        request = Request(path, int(span.removeprefix("bytes=").rstrip("-")) if span else None)
        with self._lock:
            self.log.append(request)
        reply = Answer(handler, self.files.get(path, b""), request, self._stop)
        try:
            fault = self._take_fault(path) or (None if path in self.files else status(404))
            if fault:
                fault(reply)
            elif request.start is not None and request.start >= len(reply.data):
                reply.head(status=416, length=0)
            else:
                reply.body(reply.head())
        except OSError:  # the other side has gone
            pass

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing on stderr."""

        return Handler


def refusing_url() -> str:
    """An address on the loopback where nobody listens."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        return f"http://{HOST}:{free.getsockname()[1]}"
