#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sends frames through l2fwd, both ways at once, in a network namespace of its own.

usage: unshare --net wire.py MACHINE
"""
import os
import random
import socket
import subprocess
import sys
import time

TYPE = 0x88B5


def make(name):
    subprocess.run(["ip", "tuntap", "add", name, "mode", "tap"], check=True)
    with open(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", "w") as file:
        file.write("1")
    subprocess.run(["ip", "link", "set", name, "up"], check=True)
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(TYPE))
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    end.bind((name, TYPE))
    end.settimeout(0.3)
    return end


def received(end):
    """The next frame that came from the other side."""
    while True:
        frame, where = end.recvfrom(2000)
        if where[2] != socket.PACKET_OUTGOING:
            return frame


def frame(number, seed):
    size = [14, 15, 60, 61, 1000, 1514][number % 6]
    body = random.Random(number * 2 + seed).randbytes(size - 14)
    # To any station, and to all of them.
    target = b"\xff" * 6 if number % 5 == 0 else bytes([2, 0, 0, 0, 1, number & 255])
    return target + bytes([2, 0, 0, 0, 0, seed]) + TYPE.to_bytes(2, "big") + body


def is_up(left, right):
    left.send(frame(2, 9))
    try:
        return received(right) == frame(2, 9)
    except TimeoutError:
        return False


left, right = make("left0"), make("right0")
guest = subprocess.Popen(
    ["martlet", "run", "--machine", sys.argv[1], "--net", "tap:left0", "--net", "tap:right0",
     "--timeout", "200", "l2fwd"], stdout=subprocess.DEVNULL)
try:
    end = time.monotonic() + 150
    while not is_up(left, right):
        if guest.poll() is not None or time.monotonic() > end:
            sys.exit("nothing comes through")
    time.sleep(0.5)
    for drain in (left, right):
        try:
            while True:
                received(drain)
        except TimeoutError:
            pass
        drain.settimeout(20)
    counts = [0, 0]
    for start in range(0, 600, 30):
        numbers = range(start, start + 30)
        for number in numbers:
            left.send(frame(number, 0))
            right.send(frame(number, 1))
        for way, end_ in enumerate((right, left)):
            for number in numbers:
                if received(end_) != frame(number, way):
                    sys.exit(f"frame {number} is not the one that was sent")
                counts[way] += 1
    print(f"{counts[0]} frames one way, {counts[1]} the other")
finally:
    guest.terminate()
    guest.wait()
