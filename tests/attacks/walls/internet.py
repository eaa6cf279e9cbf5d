"""Reach the internet or the grader's own network services.

tries: TCP to a server on the loopback of the machine, UDP and TCP to the outside, name look-up
gains: to send hidden tests out and fetch answers
must: no socket but AF_UNIX can be opened
"""

CELL = r"""
import socket
for family, kind, address in ((socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", @port@)),
                              (socket.AF_INET, socket.SOCK_DGRAM, ("198.51.100.1", 53)),
                              (socket.AF_INET6, socket.SOCK_STREAM, ("::1", @port@))):
    try:
        connection = socket.socket(family, kind)
        connection.settimeout(2)
        connection.connect(address)
        print("loot:", address, connection.recv(100) if kind == socket.SOCK_STREAM else "")
    except OSError as error:
        print(error)
try:
    print(socket.getaddrinfo("example.org", 80))
except OSError as error:
    print(error)
"""
