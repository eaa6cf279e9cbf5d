"""Reach a server of the machine over a local socket.

tries: an abstract name, and a path in the grader's folder
gains: a database, a display server, a container daemon
must: abstract names belong to the network namespace, paths to the mounts: neither is there
"""

CELL = r"""
import socket
for address in ("\0@abstract@", "@folder@/server", "/var/run/docker.sock", "/run/dbus/system_bus_socket"):
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(address)
        print("loot:", connection.recv(100))
    except OSError as error:
        print(error)
"""
