# SPDX-License-Identifier: BSD-3-Clause
"""Runs in the guest: one letter says what a connection is for.

E  echo until the end of the input, then the end: a half-closed connection
D  a digest of all that comes, after the end of the input
F  as many bytes as the line says, then the end
R  a reset after the first line
M  /proc/meminfo
W  what comes is written to a file in /tmp, until the end or an error, which is the answer
"""

import hashlib
import os
import socket
import struct
import threading

CHUNK = 65536


def pattern(count):
    """Bytes that differ at each place of a megabyte."""
    block = hashlib.shake_128(b"martlet").digest(1 << 20)
    whole, rest = divmod(count, len(block))
    for _ in range(whole):
        yield block
    yield block[:rest]


def write(connection):
    path = f"/tmp/upload-{threading.get_ident()}"
    try:
        with open(path, "wb", buffering=0) as file:
            while data := connection.recv(CHUNK):
                file.write(data)
        answer = f"kept {os.path.getsize(path)}"
    except OSError as error:
        answer = f"error {error.errno}"
    os.unlink(path)
    return answer.encode()


def serve(connection):
    purpose = connection.recv(1)
    if purpose == b"E":
        while data := connection.recv(CHUNK):
            connection.sendall(data)
    elif purpose == b"D":
        digest = hashlib.sha256()
        while data := connection.recv(CHUNK):
            digest.update(data)
        connection.sendall(digest.hexdigest().encode())
    elif purpose == b"F":
        for block in pattern(int(connection.makefile().readline())):
            connection.sendall(block)
    elif purpose == b"R":
        connection.makefile().readline()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif purpose == b"M":
        with open("/proc/meminfo", "rb") as file:
            connection.sendall(file.read())
    elif purpose == b"W":
        connection.sendall(write(connection))


def attend(connection):
    with connection:
        try:
            serve(connection)
        except OSError:
            pass  # the client is gone


def main():
    listener = socket.create_server(("::", 9), family=socket.AF_INET6, backlog=512,
                                    dualstack_ipv6=True)
    threading.stack_size(256 << 10)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=attend, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
