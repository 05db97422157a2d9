# SPDX-License-Identifier: BSD-3-Clause
"""The application nat between two hosts: one inside, one outside with remote addresses behind it.

Each host is a network namespace that a bridge connects with a tap device of the guest.
"""

import ctypes
import multiprocessing
import os
import signal
import socket
import struct
import subprocess
import threading
import time

from lab import PATIENCE, TOOL, claim, command, run

INSIDE, OWN_INSIDE = "192.168.1.10", "192.168.1.1"
GATEWAY, OWN, REMOTE, OTHER = "203.0.113.1", "203.0.113.2", "198.51.100.7", "198.51.100.8"
REJECTED, DROPPED = "198.51.100.67", "198.51.100.66"
RULES = [
    f"inside {OWN_INSIDE}/24", f"outside {OWN}/24 gateway {GATEWAY}",
    f"forward tcp 8080 to {INSIDE} port 80", f"reject inside to {REJECTED}",
    f"drop inside to {DROPPED}", "accept inside",
    f"accept outside tcp from {REMOTE} to {INSIDE} port 80",
    f"accept outside tcp from {OWN} to {INSIDE} port 80",
]


class Host:
    """A network namespace with one device, which a bridge connects with a tap device."""

    def __init__(self, name, addresses):
        self._holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        self._namespace = f"/proc/{self._holder.pid}/ns/net"
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(self._namespace) == own:
            time.sleep(0.01)
        ip = ("ip", "link")
        command("ip", "tuntap", "add", f"tap{name}", "mode", "tap")
        command(*ip, "add", f"br{name}", "type", "bridge")
        command(*ip, "add", f"ve{name}", "type", "veth", "peer", "name", "eth0",
                "netns", str(self._holder.pid))
        for device in (f"tap{name}", f"ve{name}"):
            command(*ip, "set", device, "master", f"br{name}", "up")
        command(*ip, "set", f"br{name}", "up")
        self.ip("link", "set", "lo", "up")
        self.ip("link", "set", "eth0", "up")
        self.ip("address", "add", f"{addresses[0]}/24", "dev", "eth0")
        for address in addresses[1:]:
            self.ip("address", "add", f"{address}/32", "dev", "lo")

    def ip(self, *words):
        command("nsenter", f"--net={self._namespace}", "ip", *words)

    def close(self):
        self._holder.kill()
        self._holder.wait()

    def start(self, function, *arguments):
        """Runs a function in a process in the namespace, and returns the process."""
        process = multiprocessing.Process(
            target=self._enter, args=(function, arguments), daemon=True)
        process.start()
        return process

    def do(self, function, *arguments):
        """What a function returns in the namespace; what it raises is its result, too."""
        mine, theirs = multiprocessing.Pipe()
        process = self.start(_tell, theirs, function, arguments)
        result = mine.recv() if mine.poll(PATIENCE) else "no result"
        process.kill()
        process.join()
        return result

    def _enter(self, function, arguments):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        with open(self._namespace) as file:
            if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), 0x40000000):
                raise OSError(ctypes.get_errno(), "setns")
        function(*arguments)


def _tell(pipe, function, arguments):
    try:
        pipe.send(function(*arguments))
    except Exception as error:
        pipe.send(type(error).__name__)


# What hosts do


def serve_tcp(address, port):
    """Says who has come, and sends back what comes."""
    listener = socket.create_server((address, port), backlog=16)
    while True:
        connection, peer = listener.accept()
        with connection:
            connection.sendall(f"{peer[0]}\n".encode())
            while part := connection.recv(65536):
                connection.sendall(part)


def serve_udp(address, port):
    """Says from where a datagram came."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, port))
        while True:
            _, peer = server.recvfrom(65536)
            server.sendto(f"{peer[0]} {peer[1]}".encode(), peer)


def ask_udp(port, *targets):
    """What each target says to the same port."""
    answers = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind(("", port))
        client.settimeout(10)
        for target in targets:
            client.sendto(b"who", target)
            answers.append(client.recv(100).decode())
    return answers


def ask_closed(target):
    """Which error a connected socket gets that asks a closed port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.connect(target)
        client.send(b"who")
        return client.recv(100).decode()


def speak(target, count, timeout=30):
    """Who the server has seen, and whether it has sent back so many bytes as they were."""
    data = bytes(index * 7 % 251 for index in range(count))
    with socket.create_connection(target, timeout) as connection:
        with connection.makefile("rb") as answers:
            seen = answers.readline().decode().strip()
            writer = threading.Thread(target=connection.sendall, args=(data,), daemon=True)
            writer.start()
            back = answers.read(count) if count else b""
            writer.join()
    return seen, back == data


def send_blindly(target, source):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind((source, 0))
        for _ in range(3):
            client.sendto(b"unasked", target)


def listen_blindly(port, target, seconds):
    """Maps a port by a datagram, and says what comes back to it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind(("", port))
        client.sendto(b"who", target)
        client.settimeout(10)
        got = [client.recv(100).decode()]
        client.settimeout(seconds)
        try:
            while True:
                got.append(client.recv(100).decode())
        except TimeoutError:
            return got


def ping(target, size=56, hops=64, timeout=5):
    """Type and source of the first ICMP message that answers an echo request."""
    def checksum(data):
        total = sum(struct.unpack(f"!{len(data) // 2}H", data))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        return ~total & 0xFFFF

    payload = bytes(range(256)) * (size // 256 + 1)
    message = struct.pack("!BBHHH", 8, 0, 0, 0x4D61, 1) + payload[:size & ~1]
    message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)
        raw.sendto(message, (target, 0))
        limit = time.monotonic() + timeout
        while time.monotonic() < limit:
            raw.settimeout(max(0.01, limit - time.monotonic()))
            packet, peer = raw.recvfrom(65536)
            reply = packet[(packet[0] & 15) * 4:]
            if reply[0] != 8 and (reply[0] != 0 or reply[8:] == message[8:]):
                return reply[0], peer[0]
    return None


# The claims


def claims(inside, outside):
    start = time.monotonic()
    while time.monotonic() - start < PATIENCE:
        if inside.do(ping, REMOTE, 56, 64, 1) == (0, REMOTE):
            break
    claim("NAT0001", "a remote answers echo requests of a host inside",
          inside.do(ping, REMOTE) == (0, REMOTE))
    outside.start(serve_udp, REMOTE, 7)
    outside.start(serve_udp, OTHER, 7)
    outside.start(serve_tcp, REMOTE, 7)
    inside.start(serve_tcp, INSIDE, 80)
    time.sleep(1)
    found = inside.do(ask_udp, 4000, (REMOTE, 7), (OTHER, 7))
    claim("NAT0002", "two remotes see one outside port of a host's port (RFC 4787 REQ-1)",
          found == [f"{OWN} 4000"] * 2, found)
    found = inside.do(speak, (REMOTE, 7), 1_000_000)
    claim("NAT0003", "a TCP connection carries a million bytes and back", found == (OWN, True), found)
    found = outside.do(speak_from, REMOTE, (OWN, 8080), 100_000)
    claim("NAT0004", "a forward leads in, with the remote's own address", found == (REMOTE, True),
          found)
    found = outside.do(speak_from, OTHER, (OWN, 8080), 0, 3)
    claim("NAT0005", "a remote that no rule lets in gets no answer", found == "TimeoutError", found)
    listener, pipe = multiprocessing.Pipe()
    inside.start(_tell, pipe, listen_blindly, (4002, (REMOTE, 7), 4))
    time.sleep(1)
    outside.do(send_blindly, (OWN, 4002), OTHER)
    outside.do(send_blindly, (OWN, 4003), REMOTE)
    found = listener.recv() if listener.poll(PATIENCE) else None
    claim("NAT0006", "who was not asked does not come in (RFC 4787 REQ-8)",
          found == [f"{OWN} 4002"], found)
    found = inside.do(ping, REMOTE, 56, 1)
    claim("NAT0007", "a hop limit of one ends at the translator, which says so",
          found == (11, OWN_INSIDE), found)
    found = inside.do(ask_closed, (REMOTE, 9))
    claim("NAT0008", "a closed port's error reaches the socket inside (RFC 5508 REQ-4)",
          found == "ConnectionRefusedError", found)
    found = inside.do(speak, (OWN, 8080), 1000)
    claim("NAT0009", "a host inside reaches a forward by a hairpin (RFC 5382 REQ-8)",
          found == (OWN, True), found)
    found = inside.do(speak, (REJECTED, 7), 0)
    claim("NAT0010", "a rejected connection is refused at once", found == "ConnectionRefusedError",
          found)
    found = inside.do(speak, (DROPPED, 7), 0, 3)
    claim("NAT0011", "a dropped one gets no answer", found == "TimeoutError", found)
    found = inside.do(ping, REMOTE, 4000)
    claim("NAT0012", "datagrams in pieces pass in both directions", found == (0, REMOTE), found)
    found = inside.do(ping, OWN_INSIDE), outside.do(ping, OWN, 56, 64, 3)
    claim("NAT0013", "its own addresses answer echo requests where a rule lets them",
          found == ((0, OWN_INSIDE), "TimeoutError"), found)


def speak_from(source, target, count, timeout=30):
    """`speak` with one of the host's addresses."""
    real = socket.create_connection
    socket.create_connection = lambda to, limit: real(to, limit, (source, 0))
    try:
        return speak(target, count, timeout)
    finally:
        socket.create_connection = real


def wait_for(text, guest):
    """Waits until the guest has said something: the image may have to be built first."""
    limit = time.monotonic() + 900
    while time.monotonic() < limit and guest.poll() is None:
        with open("nat.log") as log:
            if text in log.read():
                return
        time.sleep(0.2)
    raise RuntimeError("the translator does not start")


def translator():
    inside = Host("in", [INSIDE])
    outside = Host("out", [GATEWAY, REMOTE, OTHER, REJECTED, DROPPED])
    inside.ip("route", "add", "default", "via", OWN_INSIDE)
    words = [TOOL, "run", "--net", "tap:tapin", "--net", "tap:tapout", "--timeout", "240", "nat",
             "--", "--report", "5", *RULES]
    with open("nat.log", "w+") as log:
        guest = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_for("translating", guest)
            claims(inside, outside)
            time.sleep(6)
            log.seek(0)
            said = log.read()
            claim("NAT0014", "its report counts sessions, rules and drops by their reasons",
                  all(word in said for word in ("sessions ", "line 6 matches ", "dropped filtered")),
                  said[-2000:])
        finally:
            guest.send_signal(signal.SIGINT)
            guest.wait(PATIENCE)
            inside.close()
            outside.close()


def mistakes():
    result = subprocess.run(
        [TOOL, "run", "nat", "--", "inside 10.0.0.1/8", "outside 10.1.0.1/16"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True)
    claim("NAT0015", "a mistake in the rules is told with line and column, and ends with 2",
          result.returncode == 2 and "nat: rules:2:9: '10.1.0.1/16': the networks" in result.stderr,
          result.stderr)


if __name__ == "__main__":
    run(translator, mistakes)
