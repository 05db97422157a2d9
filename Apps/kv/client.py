#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Clients of kv, by sockets alone.

usage: client.py PORT [probe]
"""
import socket
import sys
import threading

ADDRESS = ("127.0.0.1", int(sys.argv[1]))


class Connection:
    def __init__(self):
        self.socket = socket.create_connection(ADDRESS, timeout=60)
        self.file = self.socket.makefile("rb")

    def ask(self, request, lines=1):
        self.socket.sendall(request)
        return b"".join(self.file.readline() for _ in range(lines))


def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: {got!r} instead of {wanted!r}")


def tcp():
    c = Connection()
    for request, answer in [
        (b"set a 7 0 3\r\nabc\r\n", b"STORED\r\n"),
        (b"get a\r\n", b"VALUE a 7 3\r\nabc\r\nEND\r\n"),
        (b"add a 0 0 1\r\nx\r\n", b"NOT_STORED\r\n"),
        (b"append a 0 0 1\r\nd\r\nget a b\r\n", b"STORED\r\nVALUE a 7 4\r\nabcd\r\nEND\r\n"),
        (b"set n 0 0 2\r\n10\r\nincr n 5\r\ndecr n 100\r\n", b"STORED\r\n15\r\n0\r\n"),
        (b"touch a 100\r\ndelete a\r\ndelete a\r\n", b"TOUCHED\r\nDELETED\r\nNOT_FOUND\r\n"),
        (b"nonsense\r\nset a 0 0\r\n", b"ERROR\r\nERROR\r\n"),
        (b"set a x 0 1\r\n", b"CLIENT_ERROR bad command line format\r\n"),
        (b"verbosity 1\r\nflush_all\r\n", b"OK\r\nOK\r\n"),
    ]:
        expect("tcp", c.ask(request, answer.count(b"\n")), answer)
    # A command in pieces, and the end of a session.
    for piece in (b"se", b"t p 0 0 5\r", b"\nhe", b"llo\r", b"\nget p\r\nqu"):
        c.socket.sendall(piece)
    answer = b"STORED\r\nVALUE p 0 5\r\nhello\r\nEND\r\n"
    expect("pieces", c.ask(b"it\r\n", 4), answer)
    expect("quit", c.file.read(), b"")
    stats = Connection().ask(b"stats\r\n", 20)
    if b"STAT cmd_get " not in stats:
        sys.exit(f"stats: {stats!r}")
    print("tcp ok")


def ask_udp(s, number, request, count=1):
    s.send(number.to_bytes(2, "big") + b"\0\0" + count.to_bytes(2, "big") + b"\0\0" + request)
    parts = {}
    while True:
        reply = s.recv(65536)
        head = [int.from_bytes(reply[i:i + 2], "big") for i in (0, 2, 4, 6)]
        if head[0] != number:
            continue
        if head[3] != 0 or len(reply) > 1400:
            sys.exit(f"udp: head {head}, {len(reply)} bytes")
        parts[head[1]] = reply[8:]
        if len(parts) == head[2]:
            return b"".join(parts[i] for i in range(head[2]))


def udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(30)
    s.connect(ADDRESS)
    value = bytes(range(256)) * 20
    Connection().ask(b"set big 1 0 %d\r\n%s\r\n" % (len(value), value))
    expect("udp", ask_udp(s, 1, b"set u 3 0 2\r\nhi\r\n"), b"STORED\r\n")
    expect("udp", ask_udp(s, 2, b"get u none\r\n"), b"VALUE u 3 2\r\nhi\r\nEND\r\n")
    wanted = b"VALUE big 1 %d\r\n%s\r\nEND\r\n" % (len(value), value)
    expect("udp", ask_udp(s, 0xfffe, b"get big\r\n"), wanted)
    expect("udp", ask_udp(s, 4, b"what\r\n"), b"ERROR\r\n")
    s.send(b"short")
    s.send(b"\0\5\0\0\0\1\0\0set q 0 0 1 noreply\r\nq\r\n")
    expect("udp", ask_udp(s, 6, b"get q\r\n"), b"VALUE q 0 1\r\nq\r\nEND\r\n")
    expect("udp", ask_udp(s, 7, b"get q\r\n", 2), b"SERVER_ERROR multi-packet request not supported\r\n")
    print("udp ok")


def large():
    c = Connection()
    value = bytes(i * 7 & 255 for i in range(1 << 20))
    expect("large", c.ask(b"set l 0 0 %d\r\n%s\r\n" % (len(value), value)), b"STORED\r\n")
    c.socket.sendall(b"get l\r\n")
    wanted = b"VALUE l 0 %d\r\n%s\r\nEND\r\n" % (len(value), value)
    expect("large", c.file.read(len(wanted)) == wanted, True)
    answer = c.ask(b"set l 0 0 %d\r\n%s\r\n" % (len(value) + 1, value + b"x"))
    expect("too large", answer, b"SERVER_ERROR object too large for cache\r\n")
    print("large ok")


def crowd():
    wrong = []

    def client(number):
        c = Connection()
        for step in range(100):
            key = b"k%d" % (step % 10)
            value = b"%d-%d" % (number, step)
            c.ask(b"set %s%d 0 0 %d\r\n%s\r\n" % (key, number, len(value), value))
            got = c.ask(b"get %s%d\r\n" % (key, number), 3)
            if got != b"VALUE %s%d 0 %d\r\n%s\r\nEND\r\n" % (key, number, len(value), value):
                wrong.append(got)

    clients = [threading.Thread(target=client, args=(n,)) for n in range(20)]
    for c in clients:
        c.start()
    for c in clients:
        c.join()
    expect("crowd", wrong, [])
    print("crowd ok")


if sys.argv[2:] == ["probe"]:
    expect("probe", Connection().ask(b"get none\r\n"), b"END\r\n")
    sys.exit()
tcp()
udp()
large()
crowd()
for _ in range(200):
    socket.create_connection(ADDRESS, timeout=60).close()
expect("still", Connection().ask(b"get none\r\n"), b"END\r\n")
print("still ok")
