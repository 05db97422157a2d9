# SPDX-License-Identifier: BSD-3-Clause
# Speaks to the server by bare sockets: what curl does not do, or would not do.
import glob, json, os, socket, sys, threading, time

port, corpus = int(sys.argv[1]), sys.argv[2]
address = ("127.0.0.1", port)
GET = b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n"


def connect(timeout=60):
    return socket.create_connection(address, timeout=timeout)


def read_all(s):
    data = b""
    try:
        while part := s.recv(65536):
            data += part
    except ConnectionResetError:
        data += b"<reset>"
    return data


def status():
    # This side ends first: who does keeps the connection in mind for a minute (TIME-WAIT).
    with connect() as s:
        s.sendall(b"GET /api/status HTTP/1.1\r\nHost: x\r\n\r\n")
        data = b""
        while not data.endswith(b"}"):
            part = s.recv(65536)
            assert part, data
            data += part
        return json.loads(data.split(b"\r\n\r\n", 1)[1])


def pipelined():
    with connect() as s:
        count = 1000
        threading.Thread(target=s.sendall, args=(GET * count,)).start()
        data = b""
        while data.count(b"Allow: /\n") < count:
            part = s.recv(65536)
            assert part, data[-300:]
            data += part
        print("pipelined", data.count(b"HTTP/1.1 200 OK\r\n"))


def smuggling():
    """Each kept request gets the answer that its name says, and no reset."""
    right = 0
    wrong = []
    for path in sorted(glob.glob(f"{corpus}/invalid/*.http")):
        name = os.path.basename(path)
        with connect() as s:
            s.sendall(open(path, "rb").read())
            s.shutdown(socket.SHUT_WR)
            data = read_all(s)
        lines = [line for line in data.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
        expected = name.split("-")[0].encode()
        if lines and lines[-1].split()[1] == expected and b"<reset>" not in data:
            right += 1
        else:
            wrong.append((name, data[-200:]))
    for path in sorted(glob.glob(f"{corpus}/valid/*.http")):
        name = os.path.basename(path)
        with connect() as s:
            s.sendall(open(path, "rb").read())
            s.shutdown(socket.SHUT_WR)
            data = read_all(s)
        count = data.count(b"HTTP/1.1 ") - data.count(b"HTTP/1.1 100 ")
        if count == int(name.split("-")[0]) and b"HTTP/1.1 400" not in data:
            right += 1
        else:
            wrong.append((name, data[-200:]))
    print("corpus", right, wrong if wrong else "as it should be")


def byte_by_byte():
    request = (b"POST /api/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
               b"Connection: close\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nt: v\r\n\r\n")
    with connect() as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request:
            s.sendall(bytes([byte]))
        print("byte by byte", read_all(s).endswith(b"\r\n\r\nabcde"))


def slow():
    with connect() as s:
        s.sendall(b"GET / HTTP/1.1\r\n")
        data = read_all(s)
        print("slow", data.split()[1].decode(), "then closed")


def many(total=3000):
    """Thousands of connections come and go, some of them rudely; nothing of them is left."""
    def turn(count):
        for number in range(count):
            # From many addresses, so that none runs out of ports.
            source = (f"127.0.{number // 250 % 250}.{number % 250 + 1}", 0)
            with socket.create_connection(address, timeout=60, source_address=source) as s:
                if number % 4 == 1:
                    s.sendall(GET)
                    s.recv(100)
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                elif number % 4 == 2:
                    s.sendall(GET[:20])
                elif number % 4 == 3:
                    s.sendall(GET)
                    s.shutdown(socket.SHUT_WR)
                    assert b"Allow: /" in read_all(s)

    def settled():
        for _ in range(100):
            state = status()
            # The one that asks.
            if state["connections"] == 1:
                return state
            time.sleep(0.2)
        raise SystemExit(f"connections are left: {state}")

    turn(300)
    before = settled()
    turn(total)
    after = settled()
    assert after["accepted"] - before["accepted"] >= total, after
    # TCP keeps the records of as many connections as there were at once, 256 bytes each.
    if abs(after["usedBytes"] - before["usedBytes"]) <= 1024:
        print(total, "connections,", before["usedBytes"], "bytes before and after")
    else:
        print(total, "connections:", before, after)


def busy():
    """More connections than the server has room for: the idle ones make way."""
    sockets = []
    answers = 0
    for _ in range(400):
        s = connect()
        s.sendall(GET)
        answers += s.recv(1000).startswith(b"HTTP/1.1 200")
        sockets.append(s)
    for s in sockets:
        s.close()
    print("busy", answers == 400)


def end():
    with connect() as under_way, connect() as idle:
        # Both are known to the server before it is asked to end.
        under_way.sendall(
            b"POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert under_way.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        under_way.sendall(b"la")
        idle.sendall(GET)
        assert idle.recv(1000).startswith(b"HTTP/1.1 200")
        with connect() as s:
            s.sendall(b"POST /api/end HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            assert b" 202 " in read_all(s)
        assert read_all(idle) == b""
        under_way.sendall(b"st")
        data = read_all(under_way)
        assert b"connection: close" in data and data.endswith(b"last"), data
    print("ended, with its last answer")


if len(sys.argv) > 3:
    many(int(sys.argv[3]))
    sys.exit()
pipelined()
smuggling()
byte_by_byte()
slow()
many()
busy()
end()
