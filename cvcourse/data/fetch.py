"""Download one published file: resumed where it broke off, checked, and under its own name only when it is whole.

pooch compares the checksum; the downloader handed to it is ours, because pooch's own begins anew each time. What has
come so far lies in `NAME.part`. A running download takes that file under a private name, so that two processes never
write into one file; the finished file is put in place with `os.replace`.
"""

import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pooch
import requests
from tqdm.auto import tqdm
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError

from cvcourse.data import integrity
from cvcourse.data.registry import Published
from cvcourse.errors import DataError

CONNECT_TIMEOUT = 4.0  # seconds: where there is no network, nobody waits for minutes
READ_TIMEOUT = 8.0  # seconds without a byte
SLOW_WINDOW = 20.0  # seconds in which at least SLOW_BYTES must come: a server that drips has stalled too
SLOW_BYTES = 20_000
ATTEMPTS = 4  # of one address; a later one goes on where the earlier one broke off
HASTY_ATTEMPTS = 2  # the same where an embedded set can stand in
PAUSE = 0.5  # seconds before the second attempt, doubled each time
ORPHAN_AFTER = 120.0  # seconds without a write: the process that owned this part is gone
CHUNK = 1 << 16
BAR_FROM = 1_000_000  # bytes: a smaller file needs no progress bar

_TEMPORARY = {408, 425, 429, 500, 502, 503, 504}
_NETWORK = ""  # stands for every host in `_unreachable`
_unreachable: dict[str, str] = {}  # host: reason, for this process


class FetchError(DataError):
    """A file could not be had from one address; `final` tells that another attempt there is of no use."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


def fetch(file: Published, addresses: tuple[str, ...], folder: Path, *, patient: bool = True) -> Path:
    """The whole and checked `file` in `folder`, downloaded where it is not there yet.

    Args:
        file: name, size and checksum.
        addresses: base addresses in the order of trying; each ends with `/`.
        folder: where it goes; made when missing.
        patient: whether to make all attempts, also at a host that could not be reached earlier in this process.

    Raises:
        DataError: no address gave the right file, or the disk refused. Nothing wrong lies under the file's name.
    """
    target = folder / file.name
    if integrity.is_intact(target, file.size, file.checksum):
        return target
    integrity.make_folder(folder, file.size or 0)
    _require_room(folder, file)
    reasons = []
    for address in addresses:
        try:
            return _from_address(address + (file.path or file.name), file, target, patient=patient)
        except FetchError as error:
            reasons.append(str(error))
    raise DataError(f"{file.name} could not be downloaded: {'; '.join(dict.fromkeys(reasons))}")


def forget_failures() -> None:
    """Try hosts again that could not be reached earlier in this process."""
    _unreachable.clear()


def _require_room(folder: Path, file: Published) -> None:
    try:
        here = (folder / f"{file.name}.part").stat().st_size
    except FileNotFoundError:  # also where another process takes it right now
        here = 0
    if shutil.disk_usage(folder).free < (file.size or 0) - here:
        raise integrity.no_room(folder, file.size or 0)


def _from_address(url: str, file: Published, target: Path, *, patient: bool) -> Path:
    """All attempts at one address."""
    host = urlsplit(url).netloc
    known = _unreachable.get(host) or _unreachable.get(_NETWORK)
    if known and not patient:
        raise FetchError(known, final=True)
    for attempt in range((ATTEMPTS if patient else HASTY_ATTEMPTS) - 1):
        try:
            return _attempt(url, file, target)
        except FetchError as error:
            if error.final:
                raise
            time.sleep(PAUSE * 2**attempt)
    return _attempt(url, file, target)


def _attempt(url: str, file: Published, target: Path) -> Path:
    """One attempt. pooch writes to a temporary name, compares the checksum, and only then gives the file its name."""
    downloader = _ResumingDownloader(target.with_name(f"{target.name}.part"), file.size)
    private = target.with_name(f"{target.name}.{uuid.uuid4().hex[:12]}")
    try:
        with _quiet_pooch():
            pooch.retrieve(url, file.checksum, fname=private.name, path=private.parent, downloader=downloader)
        _put_in_place(private, target, file)
    except (requests.RequestException, HTTPError) as error:
        raise _network_error(error, url) from error
    except ValueError as error:
        # Where an old part was in it, that part may be to blame: it is gone now, so begin anew.
        message = f"{urlsplit(url).netloc} serves a file with another checksum than the one published"
        raise FetchError(message, final=not downloader.resumed) from error
    except OSError as error:
        raise integrity.disk_error(error, target.parent, file.size or 0) from error
    finally:
        private.unlink(missing_ok=True)
    return target


def _put_in_place(private: Path, target: Path, file: Published) -> None:
    try:
        os.replace(private, target)
    except PermissionError:
        # Windows: another process has the same finished file open.
        if not integrity.is_intact(target, file.size, file.checksum):
            raise


@contextmanager
def _quiet_pooch() -> Iterator[None]:
    """pooch announces each download on stderr; the progress bar says it already."""
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")
    try:
        yield
    finally:
        logger.setLevel(level)


def _network_error(error: Exception, url: str) -> FetchError:
    """What a failed request means: which failures are final, which are worth another attempt."""
    host = urlsplit(url).netloc
    if isinstance(error, requests.HTTPError):
        status = error.response.status_code
        return FetchError(f"{host} answers {status} {error.response.reason}", final=status not in _TEMPORARY)
    if isinstance(error, ValueError):  # requests' errors about an address are ValueErrors too
        return FetchError(f"{url} is not an address to download from", final=True)
    if isinstance(error, requests.exceptions.SSLError):
        return FetchError(f"no secure connection to {host}", final=True)
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError) or isinstance(
        reason, NewConnectionError
    ):
        # A host that refuses is there, the others may be too; otherwise there is no network to speak of.
        refused = isinstance(reason, NewConnectionError) and isinstance(reason.__cause__, ConnectionRefusedError)
        _unreachable[host if refused else _NETWORK] = f"no connection to {host}"
        return FetchError(f"no connection to {host}", final=True)
    if isinstance(error, requests.Timeout | ReadTimeoutError):
        return FetchError(f"{host} sent nothing for {READ_TIMEOUT:g} s")
    return FetchError(f"the connection to {host} broke off")


class _ResumingDownloader:
    """A downloader for pooch that goes on from `part` with an HTTP range where the server allows it.

    Attributes:
        size: bytes of the whole file; None until the server says it, where the publisher did not.
        resumed: whether the file holds bytes of an earlier attempt.
    """

    def __init__(self, part: Path, size: int | None) -> None:
        self.part = part
        self.size = size
        self.resumed = False

    def __call__(self, url: str, output_file: str, pooch: object) -> None:
        """Write what `url` serves to `output_file`; what came before a failure stays in `part`."""
        with _owned(self.part) as mine:
            have = mine.stat().st_size if mine.exists() else 0
            if self.size is not None and have > self.size:
                mine.unlink()
                have = 0
            self.resumed = have > 0
            if self.size is None or have < self.size:
                self._request(url, mine, have)
            os.replace(mine, output_file)

    def _request(self, url: str, mine: Path, have: int) -> None:
        # "identity": a range and a length count the bytes of the file itself.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with requests.get(url, headers=headers, stream=True, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT)) as response:
            if response.status_code == 416:
                mine.unlink()
                raise FetchError(f"{urlsplit(url).netloc} cannot go on from byte {have:,}")
            response.raise_for_status()
            if response.status_code != 206:
                have, self.resumed = 0, False
            self._check_size(response, have)
            self._receive(response, mine, have)

    def _check_size(self, response: requests.Response, have: int) -> None:
        """A log-in page or another version shows by its size, before a byte of it is kept."""
        host = urlsplit(response.url).netloc
        if self.size is None:
            self.size = have + int(response.headers["Content-Length"]) if "Content-Length" in response.headers else None
            return
        if response.status_code == 206:
            fits = re.fullmatch(rf"bytes {have}-\d+/({self.size}|\*)", response.headers.get("Content-Range", ""))
        else:
            fits = response.headers.get("Content-Length", str(self.size)) == str(self.size)
        if not fits:
            offered = response.headers.get("Content-Range") or f"{response.headers['Content-Length']} bytes"
            raise FetchError(f"{host} offers {offered} where the file has {self.size}", final=True)

    def _receive(self, response: requests.Response, mine: Path, have: int) -> None:
        host = urlsplit(response.url).netloc
        # urllib3 1 has no read1; small reads come close to it.
        read = getattr(response.raw, "read1", None) or (lambda _: response.raw.read(1024))
        pace = _Pace(host)
        bar = tqdm(
            total=self.size,
            initial=have,
            desc=self.part.stem,
            unit="B",
            unit_scale=True,
            leave=False,
            disable=self.size is not None and self.size < BAR_FROM,
        )
        with bar, open(mine, "ab" if have else "wb", buffering=0) as out:
            while chunk := read(CHUNK):
                have += len(chunk)
                if self.size is not None and have > self.size:
                    raise FetchError(f"{host} sends more than the {self.size} bytes of the file", final=True)
                out.write(chunk)
                bar.update(len(chunk))
                pace.count(len(chunk))
        if self.size is not None and have < self.size:
            raise FetchError(f"the connection to {host} broke off after {have} of {self.size} bytes")


class _Pace:
    """Raises when fewer than `SLOW_BYTES` come within `SLOW_WINDOW`."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.since, self.bytes = time.monotonic(), 0

    def count(self, received: int) -> None:
        self.bytes += received
        now = time.monotonic()
        if now - self.since < SLOW_WINDOW:
            return
        if self.bytes < SLOW_BYTES:
            raise FetchError(f"{self.host} sent only {self.bytes} bytes in {SLOW_WINDOW:g} s")
        self.since, self.bytes = now, 0


@contextmanager
def _owned(part: Path) -> Iterator[Path]:
    """`part` under a private name, given back when the download fails, so that the next attempt can go on from it."""
    mine = part.with_name(f"{part.name}-{uuid.uuid4().hex[:12]}")
    for candidate in (part, *_orphans(part)):
        try:
            os.replace(candidate, mine)
            break
        except OSError:  # not there, or (Windows) in another process's hands
            continue
    try:
        yield mine
    except OSError as error:
        # requests' errors are OSErrors too; only the disk's own refusal means that the part is in the way.
        if not isinstance(error, requests.RequestException):
            mine.unlink(missing_ok=True)
        raise
    finally:
        if mine.exists():
            os.replace(mine, part)


def _orphans(part: Path) -> list[Path]:
    """Parts of processes that were killed: nobody has written to them for a while."""
    return [path for path in part.parent.glob(f"{part.name}-*") if integrity.age(path) > ORPHAN_AFTER]
