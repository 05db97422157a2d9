# SPDX-License-Identifier: BSD-3-Clause
"""Ten thousand clients of redis that connect and say nothing, by real handshakes from made-up
addresses; others are served beside them, and each of them when it speaks at last.

Nothing is said of an idle processor: redis looks at all its clients every second.
"""

import struct

import lab
import packets
from packets import ACK, RST, SYN, tcp

COUNT = 10_000 * min(lab.LOAD, 5)
MEMORY = 160 << 20
PORT = 6379


def key(number):
    """An address that the guest reaches by its router (RFC 2544), and both ports."""
    return struct.pack("!I", 198 << 24 | 18 << 16 | number), 2048 + number, PORT


def segment(wire, ends, flags, **more):
    return packets.ipv4(ends[0], wire.guest_ip, packets.TCP, tcp(
        ends[0], wire.guest_ip, ends[1], ends[2], flags, **more))


def ask():
    with lab.socket.create_connection((lab.GUEST, PORT), 30) as connection:
        return lab.ask_redis(connection, b"ECHO", b"here")


class Crowd:
    def __init__(self, wire):
        self.wire = wire
        self.refused = 0
        self.made = {}

    def come(self):
        numbers = [number for number in range(COUNT) if key(number) not in self.made]
        for start in range(0, len(numbers), 250):
            questions = {key(number): segment(
                self.wire, key(number), SYN, sequence=1000, options=b"\x02\x04\x05\xb4")
                for number in numbers[start:start + 250]}
            for ends, answer in self.wire.probe(questions).items():
                self.made[ends] = answer.sequence + 1
                self.wire.send_ip(segment(
                    self.wire, ends, ACK, sequence=1001, acknowledgement=answer.sequence + 1))
            self.refused += sum(bool(one.flags & RST) for one in self.wire.segments(0.02))

    def speak(self, text):
        """All say the same; returns how many are answered with `+PONG`."""
        answered = set()
        ends = list(self.made)
        for start in range(0, len(ends), 250):
            waiting = set(ends[start:start + 250])
            for _ in range(20):
                for one in waiting:
                    self.wire.send_ip(segment(
                        self.wire, one, ACK | packets.PSH, sequence=1001,
                        acknowledgement=self.made[one], payload=text))
                for answer in self.wire.segments(0.2):
                    one = (answer.target, answer.target_port, answer.source_port)
                    if answer.payload.startswith(b"+PONG"):
                        self.wire.send_ip(segment(
                            self.wire, one, ACK, sequence=answer.acknowledgement,
                            acknowledgement=answer.sequence + len(answer.payload)))
                        waiting.discard(one)
                        answered.add(one)
                    if not waiting:
                        break
                if not waiting:
                    break
        return len(answered)


def main():
    arguments = ["--protected-mode", "no", "--save", "", "--maxclients", str(COUNT + 100),
                 "--tcp-backlog", "4096", "--tcp-keepalive", "0"]
    with lab.Guest("redis", arguments, port=PORT, memory=f"{MEMORY >> 20}M") as guest, \
            lab.RawWire() as wire:
        crowd = Crowd(wire)
        lab.Witness(lab.expects(ask, b"here")).attest(
            "coming", f"a client is served while {COUNT} others connect", crowd.come)
        lab.claim("made", f"{COUNT} connections are made, and none is refused",
                  len(crowd.made) == COUNT and not crowd.refused,
                  f"{len(crowd.made)} made, {crowd.refused} refused")
        answered = crowd.speak(b"PING\r\n")
        lab.claim("speaking", "each of them is answered when it says something at last",
                  answered == COUNT, answered)
        guest.claim_bounded("bounded", MEMORY)
        lab.claim("alive", "the guest runs", guest.is_alive, guest.said)


if __name__ == "__main__":
    lab.run(main)
