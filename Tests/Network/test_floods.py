# SPDX-License-Identifier: BSD-3-Clause
"""nginx in a guest of 128 MiB is flooded, scanned and kept waiting; a client is served all the
while, and the idle server takes no processor time afterwards."""

import contextlib
import os
import socket
import struct
import time

import lab
from packets import ACK, FIN, PSH, RST, SYN, URG, arp, ethernet, ip, tcp
import packets

MEMORY = 128 << 20
PAGE = None


def client():
    """A question of the well-behaved client, with the answer checked."""
    return lab.Witness(lab.expects(lambda: lab.fetch("/"), (200, PAGE)))


def address(number):
    """One of 131,072 addresses that the guest reaches by its router (RFC 2544)."""
    return bytes([198, 18 + (number >> 16 & 1), number >> 8 & 255, number & 255])


def address6(number):
    return ip("2001:db8::") [:12] + struct.pack("!I", number)


class Floods:
    def __init__(self, guest, wire):
        self.guest, self.wire = guest, wire

    def segment(self, source, source_port, target_port, flags, **more):
        target = self.wire.guest_ip if len(source) == 4 else self.wire.guest_ip6
        body = tcp(source, target, source_port, target_port, flags, **more)
        return packets.internet(source, target, packets.TCP, body)

    def syn_flood(self):
        """Random senders; as fast as Python can, but slower than the guest's wire."""
        chance = lab.randomness("flood")
        options = b"\x02\x04\x05\xb4\x04\x02\x08\x0a\0\0\0\1\0\0\0\0\1\3\3\7"

        def attack():
            for number in range(20_000 * lab.LOAD):
                source = address(chance.getrandbits(17)) if number % 8 else \
                    address6(chance.getrandbits(30))
                port = 80 if number % 4 else chance.randrange(1, 65536)
                self.wire.send_ip(self.segment(
                    source, chance.randrange(1, 65536), port, SYN,
                    sequence=chance.getrandbits(32), options=options))
                if number % 64 == 0:
                    time.sleep(0.004)

        client().attest("syn-flood", "a client is served during a flood of SYN", attack)

    def half_open(self):
        """100,000 connections that are asked for and never made, each of them answered."""
        count = 100_000
        questions = {}
        for number in range(count):
            source, port = address(number), 1024 + number % 60000
            questions[(source, port, 80)] = self.segment(source, port, 80, SYN, sequence=number)
        answered = set()

        def attack():
            missing = {key: value for key, value in questions.items() if key not in answered}
            answers = self.wire.probe(missing or questions)
            answered.update(key for key, segment in answers.items()
                            if segment.flags & (SYN | ACK) == SYN | ACK)

        client().attest("half-open", "a client is served while 100,000 connections are half open",
                        attack)
        lab.claim("half-open-all", "each of 100,000 SYN is answered", len(answered) == count,
                  len(answered))

    def port_scan(self):
        """All ports by SYN; every 16th in the other ways, all of them under more load."""
        kinds = {"syn": SYN, "fin": FIN, "null": 0, "xmas": FIN | PSH | URG, "ack": ACK}
        found = {}

        def attack():
            for name, flags in kinds.items():
                source = address(7 + flags)
                step = 1 if name == "syn" or lab.LOAD > 1 else 16
                questions = {
                    (source, 40000, port): self.segment(source, 40000, port, flags, sequence=9)
                    for port in range(step, 65536, step) if name in ("syn", "ack") or port != 80}
                answers = self.wire.probe(questions)
                found[name] = (len(questions), {
                    key[2] for key, segment in answers.items() if segment.flags & RST},
                    {key[2] for key, segment in answers.items() if segment.flags & SYN})

        client().attest("scan", "a client is served during a scan of all ports", attack)
        lab.claim("scan-open", "a scan by SYN finds the one open port", found["syn"][2] == {80},
                  sorted(found["syn"][2])[:20])
        for name, (count, closed, _) in found.items():
            wanted = count - 1 if name == "syn" else count
            lab.claim(f"scan-{name}", f"a scan by {name} gets a reset from each closed port",
                      len(closed) == wanted, f"{len(closed)} of {wanted}")

    def udp_scan(self):
        """Unreachable ports are told of, at a bounded rate."""
        answers = []

        def attack():
            self.wire.discard()
            for port in range(1, 65536, 1 if lab.LOAD > 1 else 8):
                source, target = address(port), self.wire.guest_ip
                self.wire.send_ip(packets.internet(
                    source, target, packets.UDP, packets.udp(source, target, 53, port, b"?" * 9)))
                if port % 64 == 1:
                    answers.extend(frame for frame in self.wire.frames(0.002)
                                   if frame[23] == packets.ICMP and frame[34:36] == b"\3\3")

        client().attest("udp-scan", "a client is served during a scan by UDP", attack)
        lab.claim("udp-told", "closed ports of UDP are told of", len(answers) > 0, len(answers))

    def neighbours(self):
        """More stations than any table has room for ask and announce themselves."""
        wire = self.wire
        chance = lab.randomness("neighbours")

        def attack():
            for number in range(10_000 * lab.LOAD):
                station = b"\2" + chance.randbytes(5)
                sender = bytes([10, 77, 0, 3 + number % 250])
                wire.send(ethernet(
                    packets.BROADCAST if number % 2 else wire.guest, station, packets.ARP,
                    arp(1 + number % 2, station, sender, wire.guest, wire.guest_ip)))
                near = ip("fd77::")[:12] + struct.pack("!I", 16 + number)
                kind = 135 if number % 2 else 136
                body = struct.pack("!I", 0 if number % 2 else 0x20000000)
                body += (wire.guest_ip6 if number % 2 else near) + b"\1\1" + station
                wire.send(ethernet(wire.guest, station, packets.IPV6, packets.ipv6(
                    near, wire.guest_ip6, packets.ICMPV6,
                    packets.icmpv6(near, wire.guest_ip6, kind, 0, body), hop_limit=255)))
                # Makes the guest look for a neighbour that there is not.
                wire.send_ip(self.segment(
                    ip("fd77::1:0")[:12] + struct.pack("!I", 1 << 20 | number), 9, 80, SYN))
                if number % 32 == 0:
                    time.sleep(0.003)

        client().attest("neighbours", "a client is served during a flood of ARP and NDP", attack)

    def injection(self):
        """RFC 5961: who does not see a connection's numbers can neither end it nor write to it."""
        wire = self.wire
        chance = lab.randomness("injection")
        with self.guest.connect() as victim:
            port = victim.getsockname()[1]
            victim.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            time.sleep(0.2)
            for number in range(5_000 * lab.LOAD):
                flags = (RST, RST | ACK, SYN, ACK | PSH, ACK | FIN)[number % 5]
                data = b"Connection: close\r\n\r\n" if flags == ACK | PSH else b""
                wire.send_ip(self.segment(
                    wire.own_ip, port, 80, flags, sequence=chance.getrandbits(32),
                    acknowledgement=chance.getrandbits(32), payload=data))
                if number % 32 == 0:
                    time.sleep(0.003)
            victim.sendall(b"Connection: close\r\n\r\n")
            answer = b"".join(iter(lambda: victim.recv(65536), b""))
        lab.claim("injection", "forged segments neither end a connection nor get into it",
                  answer.endswith(PAGE) and answer.startswith(b"HTTP/1.1 200"), answer[:80])

    def slow_clients(self):
        """Requests that come a byte at a time, answers that are not read, clients that vanish."""
        with contextlib.ExitStack() as stack:
            slow = [stack.enter_context(self.guest.connect()) for _ in range(300)]
            deaf = []
            for _ in range(40):
                connection = stack.enter_context(socket.socket())
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                connection.connect((lab.GUEST, 80))
                connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
                deaf.append(connection)

            def attack():
                for letter in b"GET / HTTP/1.1\r\nHost: "[:4 + 8 * lab.LOAD]:
                    for connection in slow:
                        connection.send(bytes([letter]))
                    time.sleep(0.5)

            client().attest("slow", "a client is served beside slow and deaf ones", attack)

    def vanish(self):
        """Clients that take the first bytes of a large answer and are never heard of again."""
        request = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"

        def attack():
            questions = {}
            for number in range(200):
                key = (address(number + 1000), 5000, 80)
                questions[key] = self.segment(*key, SYN, sequence=1, options=b"\x02\x04\x05\xb4")
            for key, segment in self.wire.probe(questions).items():
                self.wire.send_ip(self.segment(
                    *key, ACK | PSH, sequence=2, acknowledgement=segment.sequence + 1,
                    payload=request))
            self.wire.discard()

        client().attest("vanish", "a client is served beside 200 that have vanished", attack)


def main():
    global PAGE
    os.makedirs("www", exist_ok=True)
    PAGE = lab.randomness("page").randbytes(3000)
    with open("www/index.html", "wb") as file:
        file.write(PAGE)
    with open("www/large", "wb") as file:
        file.write(lab.randomness("large").randbytes(8 << 20))
    with lab.nginx(f"{MEMORY >> 20}M") as guest, lab.RawWire() as wire:
        floods = Floods(guest, wire)
        guest.claim_idle("idle-before")
        chosen = os.environ.get("MARTLET_NETWORK_ONLY", "").split()
        for test in (floods.syn_flood, floods.half_open, floods.port_scan, floods.udp_scan,
                     floods.neighbours, floods.injection, floods.slow_clients, floods.vanish):
            if not chosen or test.__name__ in chosen:
                test()
        lab.claim("serves", "the server serves after all that", lab.fetch("/") == (200, PAGE))
        lab.claim("serves6", "and over IPv6", lab.fetch("/", lab.GUEST6) == (200, PAGE))
        guest.claim_bounded("bounded", MEMORY)
        guest.claim_idle("idle-after")
        lab.claim("alive", "the guest runs", guest.is_alive, guest.said)


if __name__ == "__main__":
    lab.run(main)
