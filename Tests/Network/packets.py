# SPDX-License-Identifier: BSD-3-Clause
"""Frames, made by hand so that they can be wrong in every way, and what is read of the answers."""

import ipaddress
import struct

IPV4, ARP, IPV6 = 0x0800, 0x0806, 0x86DD
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
BROADCAST = b"\xff" * 6


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def ip(text):
    """The four or sixteen bytes of an address."""
    return ipaddress.ip_address(text).packed


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    if len(data) & 1:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def ethernet(target, source, kind, payload):
    return target + source + struct.pack("!H", kind) + payload


def arp(operation, sender, sender_ip, target, target_ip, hardware_size=6, protocol_size=4):
    return (
        struct.pack("!HHBBH", 1, IPV4, hardware_size, protocol_size, operation)
        + sender + sender_ip + target + target_ip
    )


def ipv4(source, target, protocol, payload, ident=0, fragment=0, more=False, ttl=64,
         options=b"", version=4, header_words=None, total=None, sum_=None):
    """A packet; `fragment` is an offset in bytes, `more` says that others follow."""
    words = 5 + len(options) // 4 if header_words is None else header_words
    total = 20 + len(options) + len(payload) if total is None else total
    field = more << 13 | (fragment & 0xFFFF) >> 3
    first = struct.pack(
        "!BBHHHBB", version << 4 | words, 0, total & 0xFFFF, ident, field, ttl, protocol)
    rest = source + target + options
    if sum_ is None:
        sum_ = checksum(first + rest)
    return first + struct.pack("!H", sum_) + rest + payload


def ipv6(source, target, number, payload, length=None, hop_limit=64, version=6):
    length = len(payload) if length is None else length
    return (
        struct.pack("!IHBB", version << 28, length & 0xFFFF, number, hop_limit)
        + source + target + payload
    )


def pseudo(source, target, protocol, length):
    if len(source) == 4:
        return source + target + struct.pack("!BBH", 0, protocol, length)
    return source + target + struct.pack("!IxxxB", length, protocol)


def transport_sum(source, target, protocol, segment):
    return checksum(pseudo(source, target, protocol, len(segment)) + segment)


def tcp(source, target, source_port, target_port, flags, sequence=0, acknowledgement=0,
        window=65535, options=b"", payload=b"", header_words=None, urgent=0, sum_=None):
    words = 5 + len(options) // 4 if header_words is None else header_words
    ends = struct.pack(
        "!HHIIBBH", source_port, target_port, sequence & 0xFFFFFFFF,
        acknowledgement & 0xFFFFFFFF, words << 4 & 0xFF, flags, window)
    rest = struct.pack("!H", urgent) + options + payload
    if sum_ is None:
        sum_ = transport_sum(source, target, TCP, ends + b"\0\0" + rest)
    return ends + struct.pack("!H", sum_) + rest


def udp(source, target, source_port, target_port, payload, length=None, sum_=None):
    length = 8 + len(payload) if length is None else length
    head = struct.pack("!HHH", source_port, target_port, length & 0xFFFF)
    if sum_ is None:
        sum_ = transport_sum(source, target, UDP, head + b"\0\0" + payload) or 0xFFFF
    return head + struct.pack("!H", sum_) + payload


def icmp(kind, code, rest):
    """An ICMP message; `rest` is all behind the checksum."""
    body = struct.pack("!BBH", kind, code, 0) + rest
    return body[:2] + struct.pack("!H", checksum(body)) + rest


def icmpv6(source, target, kind, code, rest):
    body = struct.pack("!BBH", kind, code, 0) + rest
    return body[:2] + struct.pack("!H", transport_sum(source, target, ICMPV6, body)) + rest


def internet(source, target, protocol, payload, **more):
    """A packet of the addresses' version."""
    make = ipv4 if len(source) == 4 else ipv6
    return make(source, target, protocol, payload, **more)


def extension(next_header, body):
    """An IPv6 extension header, filled up to eight bytes."""
    body += b"\0" * (-(len(body) + 2) % 8)
    return struct.pack("!BB", next_header, (len(body) + 2) // 8 - 1) + body


class Segment:
    """What came in a TCP segment of a frame."""

    __slots__ = ("source", "target", "source_port", "target_port", "sequence",
                 "acknowledgement", "flags", "window", "payload")

    @staticmethod
    def of(frame):
        """None for all but TCP over IPv4 or IPv6 without extensions."""
        kind = frame[12:14]
        if kind == b"\x08\x00" and len(frame) >= 54 and frame[23] == TCP:
            start, ends = 14 + (frame[14] & 15) * 4, (26, 30, 34)
            stop = 14 + struct.unpack_from("!H", frame, 16)[0]
        elif kind == b"\x86\xdd" and len(frame) >= 74 and frame[20] == TCP:
            start, ends = 54, (22, 38, 54)
            stop = 54 + struct.unpack_from("!H", frame, 18)[0]
        else:
            return None
        segment = Segment()
        segment.source, segment.target = frame[ends[0]:ends[1]], frame[ends[1]:ends[2]]
        (segment.source_port, segment.target_port, segment.sequence, segment.acknowledgement,
         offset, segment.flags, segment.window) = struct.unpack_from("!HHIIBBH", frame, start)
        segment.payload = frame[start + (offset >> 4) * 4:stop]
        return segment
