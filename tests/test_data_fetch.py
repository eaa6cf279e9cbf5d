"""A download is whole and right, or it is an error: a server on the loopback tries every way of going wrong."""

import errno
import hashlib
import os
import shutil
import socket
import threading
import time

import pytest
import urllib3

from cvcourse.data import fetch as module
from cvcourse.data.fetch import fetch, forget_failures
from cvcourse.data.registry import Published
from cvcourse.errors import DataError
from tests import server as faults
from tests.server import FileServer, refusing_url

DATA = hashlib.shake_128(b"a file of the course").digest(200_000)
NAME = "set/file.bin"
FILE = Published("file.bin", len(DATA), "sha256:" + hashlib.sha256(DATA).hexdigest())


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(module, "READ_TIMEOUT", 0.3)
    monkeypatch.setattr(module, "CONNECT_TIMEOUT", 0.5)
    monkeypatch.setattr(module, "PAUSE", 0.01)
    forget_failures()


@pytest.fixture
def server():
    with FileServer({NAME: DATA}) as running:
        yield running


def get(server, folder, **options):
    return fetch(FILE, (f"{server.url}/set/",), folder, **options)


def assert_nothing_wrong(folder):
    """Under the file's own name lies the right file or none, and no private name was left behind."""
    names = {path.name for path in folder.iterdir()}
    assert names <= {"file.bin", "file.bin.part"}
    if "file.bin" in names:
        assert (folder / "file.bin").read_bytes() == DATA


def test_a_download_is_the_published_file_and_is_made_once(server, tmp_path):
    assert get(server, tmp_path / "new" / "folder").read_bytes() == DATA
    assert os.listdir(tmp_path / "new" / "folder") == ["file.bin"]
    get(server, tmp_path / "new" / "folder")
    assert len(server.log) == 1


def test_a_truncated_answer_is_resumed_where_it_ended(server, tmp_path):
    server.misbehave(NAME, faults.truncate(at=70_000), times=1)
    assert get(server, tmp_path).read_bytes() == DATA
    assert [(request.start, request.status) for request in server.log] == [(None, 200), (70_000, 206)]
    assert server.sent == len(DATA)
    assert_nothing_wrong(tmp_path)


def test_a_later_call_resumes_what_an_earlier_one_left(server, tmp_path):
    server.misbehave(NAME, faults.truncate(at=30_000))
    with pytest.raises(DataError, match="broke off"):
        get(server, tmp_path)
    assert (tmp_path / "file.bin.part").read_bytes() == DATA[:120_000]
    assert_nothing_wrong(tmp_path)
    server.behave()
    before = server.sent
    assert get(server, tmp_path).read_bytes() == DATA
    assert server.sent - before == len(DATA) - 120_000
    assert os.listdir(tmp_path) == ["file.bin"]


def test_a_server_without_ranges_makes_it_begin_anew(server, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(b"wrong" * 1000)
    server.misbehave(NAME, faults.ignore_range())
    assert get(server, tmp_path).read_bytes() == DATA
    assert [(request.start, request.sent) for request in server.log] == [(5000, len(DATA))]


def test_a_wrong_part_is_thrown_away_and_loaded_anew(server, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(b"wrong" * 1000)
    assert get(server, tmp_path).read_bytes() == DATA
    assert [request.start for request in server.log] == [5000, None]


@pytest.mark.parametrize("extra", [0, 7])
def test_a_part_as_long_as_the_file_or_longer_costs_no_wrong_use(server, tmp_path, extra):
    (tmp_path / "file.bin.part").write_bytes(DATA + b"x" * extra)
    assert get(server, tmp_path).read_bytes() == DATA
    assert len(server.log) == (1 if extra else 0)


@pytest.mark.parametrize("leftover", ["file.bin", "file.bin.part-0123456789ab"])
def test_leftovers_under_other_names_are_never_used_unchecked(server, tmp_path, leftover):
    (tmp_path / leftover).write_bytes(DATA[:-1] + b"x")
    os.utime(tmp_path / leftover, (1, 1))
    assert get(server, tmp_path).read_bytes() == DATA


def test_the_part_of_a_killed_process_is_taken_over_but_not_that_of_a_living_one(server, tmp_path):
    living, killed = tmp_path / "file.bin.part-living", tmp_path / "file.bin.part-killed"
    living.write_bytes(DATA[:150_000])
    killed.write_bytes(DATA[:90_000])
    os.utime(killed, (1, 1))
    assert get(server, tmp_path).read_bytes() == DATA
    assert server.log[0].start == 90_000
    assert living.exists() and not killed.exists()


def test_a_corrupt_answer_is_refused(server, tmp_path):
    server.misbehave(NAME, faults.corrupt(at=100))
    with pytest.raises(DataError, match="another checksum"):
        get(server, tmp_path)
    assert os.listdir(tmp_path) == []
    assert len(server.log) == 1


@pytest.mark.parametrize(
    ("fault", "message", "requests"),
    [
        (faults.stall(at=0), "sent nothing for 0.3 s", module.ATTEMPTS),
        (faults.silence(), "sent nothing for 0.3 s", module.ATTEMPTS),
        (faults.status(404), "404 Not Found", 1),
        (faults.status(500), "500 Internal Server Error", module.ATTEMPTS),
        (faults.login_page(), "offers 26 bytes where the file has 200000", 1),
    ],
    ids=["stall", "silence", "404", "500", "login page"],
)
def test_a_server_that_fails_is_a_clear_error_soon(server, tmp_path, fault, message, requests):
    server.misbehave(NAME, fault)
    start = time.monotonic()
    with pytest.raises(DataError, match=message) as caught:
        get(server, tmp_path)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - start < 3
    assert len(server.log) == requests
    assert_nothing_wrong(tmp_path)


def test_a_stall_is_overcome_by_going_on_from_there(server, tmp_path):
    server.misbehave(NAME, faults.stall(at=50_000), times=2)
    assert get(server, tmp_path).read_bytes() == DATA
    assert [request.start for request in server.log] == [None, 50_000, 100_000]


def test_a_server_that_drips_has_stalled_too(server, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SLOW_WINDOW", 0.2)
    monkeypatch.setattr(module, "ATTEMPTS", 1)
    server.misbehave(NAME, faults.drip(pause=0.02))
    with pytest.raises(DataError, match=r"sent only \d+ bytes in 0.2 s"):
        get(server, tmp_path)


def test_a_file_that_is_longer_than_published_is_refused(server, tmp_path):
    def without_length(reply):
        reply.request.status = 200
        reply.handler.send_response(200)
        reply.handler.end_headers()
        reply.body(DATA + b"more")

    server.misbehave(NAME, without_length)
    with pytest.raises(DataError, match="more than the 200000 bytes"):
        get(server, tmp_path)
    assert_nothing_wrong(tmp_path)


def test_a_temporary_failure_is_tried_again(server, tmp_path):
    server.misbehave(NAME, faults.status(503), times=2)
    assert get(server, tmp_path).read_bytes() == DATA


def test_the_second_address_helps_where_the_first_fails(server, tmp_path):
    server.files["broken/file.bin"] = DATA[:-1] + b"x"
    bases = (f"{refusing_url()}/set/", f"{server.url}/broken/", f"{server.url}/set/")
    assert fetch(FILE, bases, tmp_path).read_bytes() == DATA


def test_an_address_that_is_none_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nonsense/file\.bin is not an address"):
        fetch(FILE, ("nonsense/",), tmp_path)


def test_a_refused_connection_is_remembered_by_the_hasty(tmp_path, monkeypatch):
    bases = (f"{refusing_url()}/",)
    with pytest.raises(DataError, match=r"no connection to 127\.0\.0\.1"):
        fetch(FILE, bases, tmp_path, patient=False)
    opened = []
    connect = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", lambda self, at: (opened.append(at), connect(self, at))[1])
    with pytest.raises(DataError, match="no connection"):
        fetch(FILE, bases, tmp_path, patient=False)
    assert opened == []
    with pytest.raises(DataError, match="no connection"):
        fetch(FILE, bases, tmp_path, patient=True)
    assert len(opened) == 1


def test_a_name_that_is_not_resolved_stands_for_the_whole_network(tmp_path, monkeypatch, server):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", unknown)
        with pytest.raises(DataError, match=r"no connection to data\.example"):
            fetch(FILE, ("http://data.example/",), tmp_path, patient=False)
    with pytest.raises(DataError, match=r"no connection to data\.example"):
        get(server, tmp_path, patient=False)
    assert server.log == []
    assert get(server, tmp_path, patient=True).read_bytes() == DATA


def test_a_connection_that_times_out_stands_for_the_whole_network(tmp_path, monkeypatch, server):
    def never(*_):
        raise TimeoutError("timed out")

    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "connect", never)
        with pytest.raises(DataError, match=r"no connection to 127\.0\.0\.1:9"):
            fetch(FILE, ("http://127.0.0.1:9/",), tmp_path, patient=False)
    with pytest.raises(DataError, match=r"no connection to 127\.0\.0\.1:9"):
        get(server, tmp_path, patient=False)
    assert server.log == []


class _FullDisk:
    """A file on a disk that takes `room` more bytes."""

    def __init__(self, file, room):
        self.file, self.room = file, room

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, data):
        self.room -= len(data)
        if self.room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self.file.write(data)


def test_a_disk_that_fills_is_one_line_and_is_cleared(server, tmp_path, monkeypatch):
    def opened(*arguments, **options):
        return _FullDisk(open(*arguments, **options), room=60_000)

    monkeypatch.setattr(module, "open", opened, raising=False)
    with pytest.raises(DataError, match=r"no space left in .*: up to 0 MB are needed; .*CVCOURSE_CACHE") as caught:
        get(server, tmp_path)
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_noticed_before_the_first_byte(server, tmp_path, monkeypatch):
    usage = shutil._ntuple_diskusage(10**9, 10**9 - 1000, 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DataError, match="no space left"):
        get(server, tmp_path)
    assert server.log == []


def test_a_folder_that_cannot_be_made_is_named(server, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match=r"writing into .*file.* failed .*CVCOURSE_CACHE"):
        get(server, tmp_path / "file" / "below")


def test_an_interrupted_download_keeps_what_came(server, tmp_path, monkeypatch):
    pace = module._Pace.count

    def interrupted(self, received):
        pace(self, received)
        if self.bytes > 100_000:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module._Pace, "count", interrupted)
        with pytest.raises(KeyboardInterrupt):
            get(server, tmp_path)
    kept = (tmp_path / "file.bin.part").stat().st_size
    assert kept > 100_000 and DATA.startswith((tmp_path / "file.bin.part").read_bytes())
    assert_nothing_wrong(tmp_path)
    assert get(server, tmp_path).read_bytes() == DATA
    assert server.log[-1].start == kept


def test_several_at_once_do_not_damage_each_other(server, tmp_path):
    server.misbehave(NAME, faults.truncate(at=50_000), times=3)
    failures = []

    def work():
        try:
            assert get(server, tmp_path).read_bytes() == DATA
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (tmp_path / "file.bin").read_bytes() == DATA


def test_an_older_urllib3_without_read1_does_as_well(server, tmp_path, monkeypatch):
    for kind in urllib3.response.HTTPResponse.__mro__:
        if "read1" in vars(kind):
            monkeypatch.delattr(kind, "read1")
    server.misbehave(NAME, faults.truncate(at=70_000), times=1)
    assert get(server, tmp_path).read_bytes() == DATA
    assert server.log[-1].start == 70_000


def test_a_large_file_shows_its_progress_on_stderr(server, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(module, "BAR_FROM", 0)
    get(server, tmp_path)
    printed = capsys.readouterr()
    assert "file.bin" in printed.err and printed.out == ""
