# SPDX-License-Identifier: BSD-3-Clause
"""A bad wire between a guest and the host's own TCP/IP: frames get lost, doubled, late and in
another order, as a seed decides.

QEMU sends each frame in a UDP datagram (`-netdev socket,udp=`); the other end is the namespace's
tap device, which this process owns. Neither offers offloads, so frames have at most 1514 bytes and
each has all its checksums.
"""

import fcntl
import heapq
import multiprocessing
import os
import select
import signal
import socket
import struct
import time

import lab

LARGEST = 1514


class Wire:
    """Runs while the `with` statement does, in a process of its own."""

    def __init__(self, name, loss=0.0, reorder=0.0, duplicate=0.0, delay=0.0, corrupt=0.0):
        self._rates = (loss, reorder, duplicate, corrupt)
        self._delay = delay
        self._random = lab.randomness(f"wire {name}")
        self._near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._near.bind(("127.0.0.1", 0))
        self._near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        # The port that QEMU will have: free now, and nobody else is in the namespace.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            self._far = other.getsockname()
        own = self._near.getsockname()[1]
        self.netdev = f"socket,id=net,udp=127.0.0.1:{own},localaddr=127.0.0.1:{self._far[1]}"
        self._counts = multiprocessing.Array("l", 5)
        self._process = multiprocessing.Process(target=self._loop, daemon=True)

    def __enter__(self):
        self._process.start()
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.join(lab.PATIENCE)
        self._near.close()

    @property
    def counts(self):
        """What happened to the frames so far."""
        names = ("seen", "lost", "late", "doubled", "broken")
        return dict(zip(names, self._counts))

    def _loop(self):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        # TUNSETIFF with IFF_TAP | IFF_NO_PI
        fcntl.ioctl(tap, 0x400454CA, struct.pack("16sH22x", lab.DEVICE.encode(), 0x1002))
        self._near.setblocking(False)
        late, order = [], 0
        while True:
            wait = max(0, late[0][0] - time.monotonic()) if late else None
            ready = select.select([tap, self._near], [], [], wait)[0]
            for source in ready:
                for frame in self._arrived(source):
                    for due, copy in self._fate(frame):
                        order += 1
                        heapq.heappush(late, (due, order, source is tap, copy))
            now = time.monotonic()
            while late and late[0][0] <= now:
                _, _, is_for_guest, frame = heapq.heappop(late)
                try:
                    if is_for_guest:
                        self._near.sendto(frame, self._far)
                    else:
                        os.write(tap, frame)
                except OSError:
                    pass  # a full queue loses frames, too

    @staticmethod
    def _arrived(source):
        for _ in range(64):
            try:
                yield os.read(source, 65536) if isinstance(source, int) else source.recv(65536)
            except OSError:
                return

    def _fate(self, frame):
        """When, and how often, a frame arrives: `(time, frame)` each."""
        loss, reorder, duplicate, corrupt = self._rates
        chance, counts = self._random.random, self._counts
        counts[0] += 1
        if len(frame) > LARGEST:
            raise RuntimeError(f"a frame of {len(frame)} bytes")
        if chance() < loss:
            counts[1] += 1
            return
        due = time.monotonic() + self._delay
        if chance() < reorder:
            counts[2] += 1
            # Behind the frames of the next few milliseconds.
            due += 0.001 + 0.006 * chance()
        if chance() < corrupt:
            counts[4] += 1
            place = self._random.randrange(14, len(frame))
            frame = frame[:place] + bytes([frame[place] ^ 1 << self._random.randrange(8)]) \
                + frame[place + 1:]
        yield due, frame
        if chance() < duplicate:
            counts[3] += 1
            yield due + 0.002 * chance(), frame
