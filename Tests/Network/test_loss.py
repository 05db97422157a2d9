# SPDX-License-Identifier: BSD-3-Clause
"""The guest's TCP against the host's over a wire that loses and reorders: every byte arrives, and
all of it ends."""

import concurrent.futures
import hashlib
import os
import socket
import subprocess

import lab
import server
from wire import Wire

SITE = os.path.abspath("www")
SIZES = {"0": 0, "1": 1, "1460": 1460, "1461": 1461, "70000": 70000, "large": 20_000_003}


def make_site():
    os.makedirs(SITE, exist_ok=True)
    generator = lab.randomness("site")
    for name, size in SIZES.items():
        with open(f"{SITE}/{name}", "wb") as file:
            file.write(generator.randbytes(size))


def contents(name):
    with open(f"{SITE}/{name}", "rb") as file:
        return file.read()


def curl(*words):
    """Runs curl, which may take long but not for ever; returns what it has received."""
    return subprocess.run(
        ["curl", "-sS", "--fail", "--max-time", "240", *words], check=True,
        stdout=subprocess.PIPE).stdout


def transfers(name):
    """Files of many sizes from nginx, and one to it and back."""
    wrong = [file for file in SIZES if curl(f"http://{lab.GUEST}/{file}") != contents(file)]
    lab.claim(f"{name}-down", "files of nginx arrive as they are", not wrong, wrong)
    curl("-T", f"{SITE}/large", f"http://{lab.GUEST}/put/large")
    back = curl(f"http://[{lab.GUEST6}]/put/large")
    lab.claim(f"{name}-up", "an upload comes back as it was sent, over IPv6",
              back == contents("large"), f"{len(back)} bytes")


def short_connections(name, count=200 * lab.LOAD):
    wanted = (200, contents("1461"))
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: lab.fetch("/1461", timeout=120), range(count)))
    wrong = sum(answer != wanted for answer in answers)
    lab.claim(f"{name}-short", "each of many short connections gets its answer", wrong == 0,
              f"{wrong} of {count} are wrong")


def claim_wire(name, wire):
    """A wire that did nothing bad has tested nothing."""
    counts = wire.counts
    lab.claim(f"{name}-wire", "frames were lost, late and doubled", all(
        counts[kind] > 0 for kind in ("lost", "late", "doubled")), counts)


def nginx_on_a_bad_wire():
    with Wire("light", loss=0.01, reorder=0.02, duplicate=0.005) as wire, \
            lab.nginx("192M", wire):
        transfers("light")
        short_connections("light")
        claim_wire("light", wire)


def nginx_on_a_worse_wire():
    with Wire("heavy", loss=0.05, reorder=0.1, duplicate=0.02, delay=0.002,
              corrupt=0.002) as wire, lab.nginx("192M", wire):
        transfers("heavy")
        short_connections("heavy", 60 * lab.LOAD)
        claim_wire("heavy", wire)


def exchange(guest, purpose, *blocks):
    """Sends blocks and the end, and returns all that comes until the other end's."""
    with guest.connect() as connection:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            answer = pool.submit(
                lambda: b"".join(iter(lambda: connection.recv(65536), b"")))
            connection.sendall(purpose)
            for block in blocks:
                connection.sendall(block)
            connection.shutdown(socket.SHUT_WR)
            return answer.result(240)


def half_closed(guest):
    sent = lab.randomness("echo").randbytes(3_000_000 * lab.LOAD)
    found = exchange(guest, b"E", sent)
    lab.claim("half-close", "all comes back on a connection whose one half is closed",
              found == sent, f"{len(found)} bytes")
    found = exchange(guest, b"D", sent)
    lab.claim("digest", "an upload's digest is that of what was sent",
              found.decode() == hashlib.sha256(sent).hexdigest(), found)


def slow_reader(guest):
    """The guest's window probes and the host's updates get lost, too."""
    count = 2_000_003
    wanted = b"".join(server.pattern(count))
    with guest.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        connection.sendall(b"F%d\n" % count)
        found = b"".join(iter(lambda: connection.recv(3000), b""))
    lab.claim("window", "a reader with a small window gets all bytes", found == wanted,
              f"{len(found)} bytes")


def is_reset(connection):
    """Whether the other end resets. A reset that is lost is sent again only for a segment."""
    connection.settimeout(1)
    for _ in range(60):
        try:
            connection.sendall(b"?")
            if connection.recv(1) == b"":
                return False
        except TimeoutError:
            pass
        except (ConnectionResetError, BrokenPipeError):
            return True
    return False


def reset(guest):
    ends = []
    for _ in range(20):
        with guest.connect() as connection:
            connection.sendall(b"R\n")
            ends.append(is_reset(connection))
    lab.claim("reset", "the guest's resets arrive", all(ends), ends)
    for _ in range(20):
        connection = guest.connect()
        connection.sendall(b"F50000000\n")
        connection.recv(1000)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
    found = exchange(guest, b"E", b"still here")
    lab.claim("aborted", "the server outlives clients that reset", found == b"still here", found)


def python_on_a_bad_wire():
    with Wire("python", loss=0.03, reorder=0.05, duplicate=0.01) as wire, \
            lab.python_server("192M", wire) as guest:
        half_closed(guest)
        slow_reader(guest)
        reset(guest)


def redis_on_a_bad_wire():
    with Wire("redis", loss=0.03, reorder=0.05, duplicate=0.01) as wire, \
            lab.Guest("redis", port=6379, wire=wire, memory="192M") as guest:
        value = lab.randomness("redis").randbytes(4_000_000 * lab.LOAD)
        with guest.connect() as connection:
            lab.ask_redis(connection, b"SET", b"large", value)
            found = lab.ask_redis(connection, b"GET", b"large")
        lab.claim("redis-large", "a large value comes back as it was", found == value, len(found))
        output = lab.command(
            "timeout", "200", "redis-benchmark", "-h", lab.GUEST, "-t", "set,get", "-n",
            str(3000 * lab.LOAD), "-c", "20", "-d", "1000", "--csv")
        lab.claim("redis-many", "redis-benchmark gets all answers",
                  '"GET"' in output and "rror" not in output, output)


if __name__ == "__main__":
    make_site()
    lab.run(nginx_on_a_bad_wire, nginx_on_a_worse_wire, python_on_a_bad_wire, redis_on_a_bad_wire)
