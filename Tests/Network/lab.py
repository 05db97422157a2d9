# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of this folder share: claims, guests, clients that keep asking, the raw wire.

A test runs in a network namespace of its own with a tap device (`Sources/Tool/Launch/TestNetwork`),
in a folder that is removed with the namespace.
"""

import contextlib
import fcntl
import multiprocessing
import os
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback

import packets

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL = os.environ.get("MARTLET_TOOL", "martlet")
DEVICE, HOST, GUEST = "mtbench0", "10.77.0.1", "10.77.0.2"
HOST6, GUEST6 = "fd77::1", "fd77::2"
# The load of the everyday run is 1; more of it finds more and takes longer.
LOAD = max(1, int(os.environ.get("MARTLET_NETWORK_LOAD", "1")))
SEED = int(os.environ.get("MARTLET_NETWORK_SEED", "1"))
# Only what hangs for ever takes so long.
PATIENCE = 90


def randomness(name):
    """Random numbers of their own for each part of a test, which the seed decides."""
    return random.Random(f"{SEED} {name}")


# Claims

_failed = False


def claim(name, sentence, holds, found=""):
    """Prints whether a sentence holds; `found` says what was there instead."""
    global _failed
    if holds:
        print(f"ok {name} {sentence}", flush=True)
    else:
        _failed = True
        found = " ".join(str(found).split())
        print(f"FAIL {name} {sentence}: {found} (MARTLET_NETWORK_SEED={SEED})", flush=True)
    return holds


def skip(name, reason):
    print(f"skip {name} {reason}", flush=True)


def run(*tests):
    """Runs functions in turn; what one of them raises is its failure."""
    for test in tests:
        try:
            test()
        except Exception as error:
            traceback.print_exc()
            claim(test.__name__, "runs to its end", False, f"{type(error).__name__}: {error}")
    print("done", flush=True)
    sys.exit(1 if _failed else 0)


def command(*words, **more):
    return subprocess.run(
        words, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more
    ).stdout


# Guests


def give_address6():
    """The host's own IPv6 address, which `TestNetwork` does not give."""
    subprocess.run(["ip", "-6", "address", "replace", f"{HOST6}/64", "dev", DEVICE, "nodad"],
                   check=True)


class Guest:
    """A program in a guest, from its first answer to the end of the `with` statement."""

    def __init__(self, application, arguments=(), memory="128M", options=(), port=80, wire=None):
        give_address6()
        self.port = port
        name = f"guest-{time.monotonic_ns()}"
        self._identity = os.path.abspath(f"{name}.pid")
        self._log = open(f"{name}.log", "w+b")
        environment = dict(
            os.environ, MARTLET_QEMU=f"{HERE}/qemu", MARTLET_TEST_PID=self._identity,
            MARTLET_TEST_QEMU=os.environ.get("MARTLET_QEMU", "qemu-system-x86_64"))
        if wire:
            environment["MARTLET_TEST_NETDEV"] = wire.netdev
        words = [TOOL, "run", "--net", f"tap:{DEVICE}", "--memory", memory]
        words += ["--ip", f"{GUEST}/24", "--gateway", HOST]
        words += ["--ip", f"{GUEST6}/64", "--gateway", HOST6]
        words += [*options, application]
        if arguments:
            words += ["--", *arguments]
        self._process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
            env=environment)

    def __enter__(self):
        try:
            self._wait()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends it as Ctrl-C does."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        self._process.wait(PATIENCE)

    def _wait(self):
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit and self.is_alive:
            with contextlib.suppress(OSError):
                self.connect(timeout=5).close()
                return
            time.sleep(0.1)
        raise RuntimeError(f"the guest's server does not answer: {self.said}")

    def connect(self, timeout=PATIENCE, address=GUEST, port=None):
        return socket.create_connection((address, port or self.port), timeout)

    @property
    def is_alive(self):
        return self._process.poll() is None

    @property
    def said(self):
        """The end of what the guest and the tool have said."""
        with open(self._log.name, "rb") as log:
            return log.read()[-2000:].decode(errors="replace")

    @property
    def _qemu(self):
        with open(self._identity) as file:
            return int(file.read())

    @property
    def resident(self):
        """Bytes of the host's memory that QEMU takes."""
        with open(f"/proc/{self._qemu}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def processor_share(self, seconds):
        """The part of a core that QEMU takes, as the kernel counts it."""
        def ticks():
            with open(f"/proc/{self._qemu}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
            return int(fields[11]) + int(fields[12])

        first, begun = ticks(), time.monotonic()
        time.sleep(seconds)
        taken = (ticks() - first) / os.sysconf("SC_CLK_TCK")
        return taken / (time.monotonic() - begun)

    def claim_idle(self, name):
        """Claims that the server, which nobody asks anything, takes no processor time.

        What was begun before may end first: segments that are sent again, probes, entries that age.
        """
        share = 1.0
        for _ in range(10):
            share = self.processor_share(5)
            if share < 0.01:
                break
        claim(name, "the idle server takes less than 1 % of a core", share < 0.01, f"{share:.1%}")

    def claim_bounded(self, name, guest_memory, beyond=192 << 20):
        """Claims that QEMU holds the guest's memory and what it needs itself, not more."""
        claim(name, "the emulator's memory is bounded", self.resident < guest_memory + beyond,
              f"{self.resident >> 20} MiB for a guest of {guest_memory >> 20} MiB")


def python_server(memory, wire=None):
    """`server.py` in a guest."""
    return Guest("python3", ["/test/server.py"], memory=memory, port=9, wire=wire,
                 options=["-v", f"{HERE}:/test:ro"])


def nginx(memory, wire=None):
    """nginx with this folder's configuration, which serves the test's folder `www`."""
    return Guest("nginx", ["-c", "/conf/nginx.conf"], memory=memory, wire=wire,
                 options=["-v", f"{HERE}:/conf:ro", "-v", f"{os.path.abspath('www')}:/srv/www:ro"])


# Clients


def echo():
    """What `server.py` sends back of `the same`."""
    with socket.create_connection((GUEST, 9), 30) as connection:
        connection.sendall(b"Ethe same")
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(4096), b""))


def meminfo(guest):
    """The /proc/meminfo of a guest that runs `server.py`: bytes by name."""
    with guest.connect() as connection:
        connection.sendall(b"M")
        text = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    return {line.split(":")[0]: int(line.split()[1]) << 10 for line in text.splitlines()}


def fetch(path="/", address=GUEST, port=80, timeout=30):
    """The status and body of a request on a connection of its own."""
    with socket.create_connection((address, port), timeout) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def ask_redis(connection, *words):
    """Sends one command of redis and returns its answer to the end of the line or bulk."""
    text = b"*%d\r\n" % len(words)
    for word in words:
        text += b"$%d\r\n%s\r\n" % (len(word), word)
    connection.sendall(text)
    with connection.makefile("rb") as lines:
        first = lines.readline()
        if first[:1] == b"$" and first != b"$-1\r\n":
            return lines.read(int(first[1:]) + 2)[:-2]
        return first[1:].rstrip()


class Witness:
    """A well-behaved client that asks again and again, in a process of its own."""

    def __init__(self, ask):
        self._ask = ask
        self.answers = multiprocessing.Value("l", 0)
        self._stop = multiprocessing.Event()
        self._failures = multiprocessing.SimpleQueue()

    def _loop(self):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        while not self._stop.is_set():
            try:
                wrong = self._ask()
            except Exception as error:
                wrong = f"{type(error).__name__}: {error}"
            if wrong:
                self._failures.put(str(wrong)[:300])
                return
            self.answers.value += 1

    def attest(self, name, sentence, attack):
        """Runs an attack while the client asks, and claims that each of its answers was right."""
        process = multiprocessing.Process(target=self._loop, daemon=True)
        process.start()
        limit = time.monotonic() + PATIENCE
        try:
            while True:
                attack()
                # A client that was not served at all during the attack proves nothing.
                if self.answers.value > 2 or not process.is_alive() or time.monotonic() > limit:
                    break
        finally:
            self._stop.set()
            process.join(PATIENCE)
            if process.is_alive():
                process.kill()
        wrong = "" if self._failures.empty() else self._failures.get()
        claim(name, sentence, not wrong and self.answers.value > 2,
              wrong or f"{self.answers.value} answers")


def expects(ask, wanted):
    """A witness's question: what differs from the wanted answer, or None."""
    def question():
        found = ask()
        return None if found == wanted else f"got {str(found)[:200]}"

    return question


# The raw wire


class RawWire:
    """All frames of the tap device, in both directions."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self._socket.bind((DEVICE, 0))
        # PACKET_IGNORE_OUTGOING: what we send ourselves is known.
        self._socket.setsockopt(263, 23, 1)
        for option in (33, socket.SO_RCVBUF):  # SO_RCVBUFFORCE where it is allowed
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, option, 8 << 20)
                break
        self.own = self._hardware_address()
        self.guest = self._find_guest()
        self.own_ip, self.guest_ip = packets.ip(HOST), packets.ip(GUEST)
        self.own_ip6, self.guest_ip6 = packets.ip(HOST6), packets.ip(GUEST6)

    def _hardware_address(self):
        # SIOCGIFHWADDR: /sys shows the devices of the namespace in which it was mounted.
        request = struct.pack("256s", DEVICE.encode())
        return fcntl.ioctl(self._socket, 0x8927, request)[18:24]

    def _find_guest(self):
        table = command("ip", "neighbour", "show", GUEST, "dev", DEVICE).split()
        return packets.mac(table[table.index("lladdr") + 1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def send(self, frame):
        while True:
            try:
                self._socket.send(frame)
                return
            except OSError as error:
                # The device's queue is full: the guest is busy.
                if error.errno != 105:
                    raise
                select.select([], [], [], 0.002)

    def send_ip(self, packet):
        kind = packets.IPV4 if packet[0] >> 4 == 4 else packets.IPV6
        self.send(packets.ethernet(self.guest, self.own, kind, packet))

    def frames(self, seconds):
        """What comes until nothing has come for that long, or all that comes in ten times as long."""
        limit = time.monotonic() + 10 * seconds
        while select.select([self._socket], [], [], seconds)[0]:
            yield self._socket.recv(65600)
            if seconds and time.monotonic() > limit:
                return

    def segments(self, seconds):
        for frame in self.frames(seconds):
            segment = packets.Segment.of(frame)
            if segment:
                yield segment

    def discard(self):
        for _ in self.frames(0):
            pass

    def probe(self, questions, window=256, tries=20):
        """Sends questions, `{key: packet}`, and returns the segments that answer them by key.

        A key is the pair of our address and the two ports, ours first. As many as `window` are
        under way; what is lost on the way, as on any busy wire, is asked again.
        """
        waiting, answers = dict(questions), {}
        for _ in range(tries):
            keys = list(waiting)
            for start in range(0, len(keys), window):
                batch = set(keys[start:start + window])
                for key in batch:
                    self.send_ip(waiting[key])
                for segment in self.segments(0.2):
                    key = (segment.target, segment.target_port, segment.source_port)
                    if key in waiting:
                        answers[key] = segment
                        waiting.pop(key)
                        batch.discard(key)
                        if not batch:
                            break
            if not waiting:
                break
        return answers
