"""Send away what was found.

tries: a connection to a server on the same machine, directly and by a program
gains: a way out for tests and solutions, and a way in
must: there is no network
"""

CELL = """
import socket
import subprocess
import sys

code = "import socket; s = socket.create_connection(('127.0.0.1', @port@), 2); s.sendall(b'by program')"
try:
    connection = socket.create_connection(("127.0.0.1", @port@), timeout=2)
    connection.sendall(b"directly")
finally:
    subprocess.run([sys.executable, "-c", code], timeout=10)
"""
