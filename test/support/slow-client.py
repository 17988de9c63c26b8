"""Reads a stream no faster than it is told, with a small receive buffer, which Node.js has no way to set: the
server feels at once that it is slow. Arguments: URL, bytes per second, seconds, file for the body."""

import socket
import sys
import time
from urllib.parse import urlsplit

url, rate, seconds, path = urlsplit(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
connection = socket.socket()
connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
connection.connect((url.hostname, url.port))
connection.sendall(f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode())
connection.settimeout(10)
head = b""
while not head.endswith(b"\r\n\r\n"):
    head += connection.recv(1)
start = time.monotonic()
had = 0
with open(path, "wb") as body:
    while (elapsed := time.monotonic() - start) < seconds:
        allowed = int(elapsed * rate) - had
        if allowed < 1:
            time.sleep(0.02)
            continue
        chunk = connection.recv(min(allowed, 65536))
        if not chunk:
            sys.exit("the server ended the stream")
        body.write(chunk)
        had += len(chunk)
