# SPDX-License-Identifier: BSD-3-Clause
"""Packets that no honest host sends, of every protocol, while a client is served."""

import struct
import time

import lab
import packets
from packets import (ACK, ARP, BROADCAST, ICMP, ICMPV6, IPV4, IPV6, PSH, SYN, TCP, UDP, arp,
                     ethernet, extension, icmp, icmpv6, internet, ip, ipv4, ipv6, tcp, udp)

MEMORY = 128 << 20
COUNT = 1500 * lab.LOAD
KINDS = ("ethernet", "arp", "ipv4", "fragments", "icmp", "ipv6", "ndp", "udp", "tcp", "mutated")
HEADERS = (0, 43, 44, 50, 51, 60, 135, 139, 140, 253)


class Hostile:
    """One generator of frames for each protocol; `r` decides everything."""

    def __init__(self, wire, r):
        self.wire, self.r = wire, r
        self.me, self.guest = wire.own_ip, wire.guest_ip
        self.me6, self.guest6 = wire.own_ip6, wire.guest_ip6

    def junk(self, limit):
        return self.r.randbytes(self.r.randrange(limit))

    def frame(self, packet, kind=None):
        kind = kind or (IPV6 if packet[:1] and packet[0] >> 4 == 6 else IPV4)
        return ethernet(self.wire.guest, self.wire.own, kind, packet)

    def stranger(self):
        return bytes([198, 18]) + self.r.randbytes(2)

    def stranger6(self):
        return ip("2001:db8::")[:8] + self.r.randbytes(8)

    def ends(self):
        """A sender that is not there and the guest, of either version."""
        return self.r.choice(((self.stranger(), self.guest), (self.stranger6(), self.guest6)))

    # Links

    def ethernet(self):
        r = self.r
        kind = r.choice((0, 1, 46, 1500, 0x8100, 0x88A8, 0x86DD, 0x0800, 0x0806, 0x9999, 65535))
        target = r.choice((self.wire.guest, BROADCAST, b"\1\0\x5e\0\0\1", r.randbytes(6)))
        source = r.choice((self.wire.own, BROADCAST, bytes(6), self.wire.guest, r.randbytes(6)))
        return ethernet(target, source, kind, self.junk(r.choice((2, 20, 46, 1500))))

    def arp(self):
        r = self.r
        station = r.choice((b"\2" + r.randbytes(5), BROADCAST, bytes(6), self.wire.guest))
        near = b"\x0a\x4d\0" + bytes([r.randrange(3, 256)])
        sender = r.choice((self.guest, bytes(4), b"\xff" * 4, near, b"\x7f\0\0\1", b"\xe0\0\0\1"))
        body = arp(r.choice((0, 1, 2, 3, 8, 65535)), station, sender, r.randbytes(6), self.guest,
                   hardware_size=r.choice((0, 6, 6, 8, 255)), protocol_size=r.choice((0, 4, 4, 16)))
        return ethernet(r.choice((BROADCAST, self.wire.guest)), station, ARP,
                        body[:r.randrange(len(body) + 1)] if r.random() < 0.3 else body)

    # IPv4

    def ipv4(self):
        r = self.r
        payload = self.junk(100)
        wrong = r.randrange(7)
        source = self.stranger()
        if wrong == 0:
            source = r.choice((self.guest, bytes(4), b"\xff" * 4, b"\x7f\0\0\1", b"\xe0\0\0\5",
                               b"\x0a\x4d\0\xff"))
        packet = ipv4(
            source, r.choice((self.guest, self.guest, b"\x0a\x4d\0\xff", b"\xff" * 4)),
            r.randrange(256), payload, ident=r.getrandbits(16),
            version=r.randrange(16) if wrong == 1 else 4,
            header_words=r.randrange(16) if wrong == 2 else None,
            total=r.choice((0, 1, 19, 20, 21, 1500, 65535)) if wrong == 3 else None,
            sum_=r.getrandbits(16) if wrong == 4 else None, ttl=r.choice((0, 1, 64, 255)),
            options=self.ipv4_options() if wrong == 5 else b"")
        return self.frame(packet[:r.randrange(1, 21)] if wrong == 6 else packet, IPV4)

    def ipv4_options(self):
        """Lengths of zero and one, pointers beyond the end, source routes."""
        r = self.r
        kinds = (0, 1, 7, 68, 130, 131, 136, 137, 148, 255)
        return bytes(r.choice((r.choice(kinds), r.randrange(42), r.randrange(256)))
                     for _ in range(4 * r.randrange(1, 11)))

    def fragments(self):
        """Teardrops, overlaps, ends beyond 65,535, ends before the middle, never all of them."""
        r = self.r
        source, ident = self.stranger(), r.getrandbits(16)
        if r.random() < 0.5:
            offset = 8 * r.choice((0, 1, 2, 3, 100, 8190, 8191, r.randrange(8192)))
            packet = ipv4(source, self.guest, r.choice((TCP, UDP, ICMP, 99)), self.junk(200),
                          ident=r.randrange(20) if r.random() < 0.5 else ident,
                          fragment=offset, more=r.random() < 0.7)
        else:
            source = self.stranger6() if r.random() < 0.5 else ip("2001:db8::1")
            offset = 8 * r.choice((0, 1, 2, 3, 8191, r.randrange(8192)))
            body = struct.pack("!BBHI", r.choice((TCP, UDP, ICMPV6, 44, 0, 60)), 0,
                               offset | r.randrange(2), r.randrange(20)) + self.junk(200)
            packet = ipv6(source, self.guest6, 44, body)
        return self.frame(packet)

    def icmp(self):
        """Every type, with pieces of packets that were never sent."""
        r = self.r
        kind = r.choice((3, 3, 4, 5, 11, 12, r.randrange(256)))
        inner = ipv4(self.guest, r.choice((self.me, self.stranger())), r.choice((TCP, UDP, ICMP)),
                     r.randbytes(r.randrange(64)), header_words=r.choice((None, None, 0, 15)),
                     total=r.choice((None, 0, 65535)))
        mtu = struct.pack("!HH", 0, r.choice((0, 1, 68, 296, 576, 65535)))
        rest = r.choice((mtu, r.randbytes(4))) + r.choice((inner, self.junk(64), inner[:20]))
        message = icmp(kind, r.choice((0, 1, 3, 4, r.randrange(256))), rest)
        return self.frame(ipv4(r.choice((self.stranger(), self.me)), self.guest, ICMP, message))

    # IPv6

    def ipv6(self):
        r = self.r
        payload = self.junk(100)
        number = r.choice(HEADERS)
        wrong = r.randrange(5)
        if wrong < 3:  # chains of any headers, some that end in the middle of one
            following = r.choice((TCP, UDP, ICMPV6, 59, 255))
            for _ in range(r.choice((1, 2, 3, 20, 100))):
                body = r.choice((self.junk(30), b"\xc2\4\0\1\0\0", b"\5\2\0\0", b"\0" * 6,
                                 b"\0\xff" + self.junk(20)))
                payload = extension(following, body) + payload
                following = r.choice(HEADERS)
            number, payload = following, payload[:1400]
        packet = ipv6(r.choice((self.stranger6(), self.stranger6(), bytes(16), self.guest6,
                                ip("ff02::1"), ip("::1"))),
                      r.choice((self.guest6, self.guest6, ip("ff02::1"))), number, payload,
                      length=r.choice((0, 1, 7, 1400, 65535)) if wrong == 3 else None,
                      hop_limit=r.choice((0, 1, 255)))
        return self.frame(packet[:r.randrange(1, 41)] if wrong == 4 else packet, IPV6)

    def ndp(self):
        """Options of no length, wrong hop limits, routers by the thousand."""
        r = self.r
        near = ip("fe80::")[:8] + b"\xaa" + r.randbytes(7)
        kind = r.choice((133, 134, 134, 134, 135, 136, 137, 130, 131, 143, r.randrange(256)))
        fixed = {133: 4, 134: 12, 135: 20, 136: 20, 137: 36}.get(kind, 8)
        body = r.randbytes(fixed)
        if kind in (135, 136):
            body = body[:4] + r.choice((self.guest6, near, bytes(16), ip("ff02::1")))
        for _ in range(r.randrange(6)):
            body += self.ndp_option()
        if r.random() < 0.2:
            body = body[:r.randrange(len(body))]
        target = r.choice((self.guest6, ip("ff02::1")))
        source = r.choice((near, near, bytes(16)))
        return self.frame(ipv6(
            source, target, ICMPV6, icmpv6(source, target, kind, r.choice((0, 0, 0, 1)), body),
            hop_limit=r.choice((255, 255, 255, 1))))

    def ndp_option(self):
        r = self.r
        prefix = struct.pack("!BBBBIIxxxx", 3, 4, r.choice((0, 64, 128, 255)), r.getrandbits(8),
                             r.choice((0, 1, 1 << 31, 0xFFFFFFFF)), r.getrandbits(32))
        return r.choice((
            prefix + ip("2001:db8::")[:6] + r.randbytes(10),
            b"\1\1\2" + r.randbytes(5),
            struct.pack("!BBHI", 5, 1, 0, r.choice((0, 68, 1279, 1280, 1400, 1 << 31))),
            b"\x19\3\0\0" + r.randbytes(20), b"\x1f\2\0\0" + r.randbytes(12),
            bytes([r.randrange(256), 0]),
            bytes([r.randrange(256), r.randrange(256)]) + self.junk(20)))

    # Transports

    def udp(self):
        r = self.r
        source, target = self.ends()
        body = self.junk(200)
        message = udp(source, target, r.choice((0, 9, 53, r.getrandbits(16))),
                      r.choice((0, 9, r.getrandbits(16))), body,
                      length=r.choice((None, 0, 7, 8, 9, len(body), 65535)),
                      sum_=r.choice((None, 0, r.getrandbits(16))))
        return self.frame(internet(source, target, UDP, message[:r.choice((4, 8, 300))]))

    def tcp(self):
        """All flags, offsets that lie, options that never end, urgent data, SYN to itself."""
        r = self.r
        source, target = self.ends()
        if r.random() < 0.1:
            source = target
        text = self.junk(41)
        options = text + b"\0" * (-len(text) % 4)
        if r.random() < 0.5:
            options = b"\2\4\0" + bytes([r.choice((0, 1, 40, 255))]) + b"\3\3\xff\1" + options[:32]
        message = tcp(
            source, target, r.choice((0, 9, r.getrandbits(16))),
            r.choice((9, 9, 0, r.getrandbits(16))), r.choice((SYN, r.getrandbits(8))),
            sequence=r.getrandbits(32), acknowledgement=r.getrandbits(32),
            window=r.choice((0, 1, 65535)), options=options, payload=self.junk(100),
            header_words=r.choice((None, None, 0, 4, 15)), urgent=r.getrandbits(16),
            sum_=r.choice((None, None, None, 0)))
        return self.frame(internet(source, target, TCP, message[:r.choice((12, 20, 400, 400))]))

    def honest(self):
        """A frame without a fault."""
        r = self.r
        source, target = self.ends()
        ports = (r.getrandbits(16) | 1, 9)
        if r.random() < 0.4:
            body = tcp(source, target, *ports, r.choice((SYN, ACK, ACK | PSH)),
                       sequence=r.getrandbits(32), options=b"\2\4\5\xb4\1\3\3\7",
                       payload=self.junk(40))
            return self.frame(internet(source, target, TCP, body))
        if r.random() < 0.5:
            body = udp(source, target, *ports, self.junk(40))
            return self.frame(internet(source, target, UDP, body))
        rest = r.randbytes(24)
        if len(source) == 4:
            return self.frame(ipv4(source, target, ICMP, icmp(8, 0, rest)))
        return self.frame(ipv6(source, target, ICMPV6, icmpv6(source, target, 128, 0, rest)))

    def mutated(self):
        """A frame with some bytes changed; most have good checksums even so."""
        r = self.r
        frame = bytearray(r.choice((self.honest, self.honest, self.tcp, self.udp, self.ipv6,
                                    self.ndp, self.fragments, self.icmp))())
        for _ in range(r.randrange(1, 6)):
            if len(frame) > 14:
                frame[r.randrange(14, len(frame))] = r.choice((0, 255, r.randrange(256)))
        frame = frame[:r.randrange(14, len(frame) + 1)] if r.random() < 0.1 else frame
        if frame[12:14] == b"\x08\x00" and len(frame) >= 34 and r.random() < 0.8:
            frame[24:26] = b"\0\0"
            frame[24:26] = struct.pack("!H", packets.checksum(bytes(frame[14:34])))
            if frame[23] in (TCP, UDP) and len(frame) >= 54:
                place = 50 if frame[23] == TCP else 40
                frame[place:place + 2] = b"\0\0"
                sum_ = packets.transport_sum(
                    bytes(frame[26:30]), bytes(frame[30:34]), frame[23], bytes(frame[34:]))
                frame[place:place + 2] = struct.pack("!H", sum_)
        return bytes(frame)


def spares_the_host(frame, wire):
    """Whether a frame leaves the guest's idea of the host alone: ARP and NDP cannot be defended."""
    if frame[12:14] == b"\x08\x06":
        return frame[28:32] != wire.own_ip
    return wire.own_ip6 not in frame[54:]


def attack(wire, kind, turn):
    make = getattr(Hostile(wire, lab.randomness(f"{kind} {turn}")), kind)

    def send():
        for number in range(COUNT):
            frame = make()
            if spares_the_host(frame, wire):
                wire.send(frame[:1514])
            if number % 32 == 0:
                time.sleep(0.003)

    lab.Witness(lab.expects(lab.echo, b"the same")).attest(
        f"{kind}-{turn}", f"a client is served during bad packets of kind {kind}", send)


def main():
    with lab.python_server(f"{MEMORY >> 20}M") as guest, lab.RawWire() as wire:
        free = [lab.meminfo(guest)["MemFree"]]
        for turn in (1, 2):
            for kind in KINDS:
                attack(wire, kind, turn)
            free.append(lab.meminfo(guest)["MemFree"])
        # The packets' buffers are never given back, and are at most a quarter of the memory.
        lab.claim("memory", "bad packets take no more than the packets' share of the memory",
                  free[0] - free[1] < MEMORY // 4 + (8 << 20), free)
        lab.claim("no-leak", "more of them take no more memory", free[1] - free[2] < 4 << 20, free)
        guest.claim_bounded("bounded", MEMORY)
        guest.claim_idle("idle")
        lab.claim("alive", "the guest runs", guest.is_alive, guest.said)


if __name__ == "__main__":
    lab.run(main)
