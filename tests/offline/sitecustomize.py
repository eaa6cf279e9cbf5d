"""Loaded by every Python that the tests start (tests/conftest.py puts this folder on PYTHONPATH): loopback only."""

import socket

_connect = socket.socket.connect
_LOOPBACK = ("127.", "::1", "localhost")


def connect(self, address):
    """The real connect, for addresses on this machine; anything else is refused as if there were no network."""
    if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(_LOOPBACK):
        raise OSError(101, f"the tests have no network: connection to {address[0]} refused")
    return _connect(self, address)


socket.socket.connect = connect
