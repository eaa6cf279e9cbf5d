"""Open sockets of rarely used families.

tries: netlink, packet, vsock, Bluetooth, kernel crypto, XDP and others
gains: the virtual machine's host, or a fault in rarely tested parts of Linux
must: only AF_UNIX is allowed
"""

CELL = r"""
import socket
for family in [number for number in range(2, 46)]:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        try:
            socket.socket(family, kind)
            print("loot: family", family)
        except OSError:
            pass
"""
