# SPDX-License-Identifier: BSD-3-Clause
"""An upload of 10 GB into the guest's full disk: the uploader gets an error, all others are served,
and the memory comes back."""

import os
import socket
import subprocess

import lab

MEMORY = 192 << 20
SIZE = 10_000_000_000
ENOSPC = 28


def upload(count):
    """Writes to a file of the guest through `server.py` until it answers."""
    block = bytes(1 << 20)
    with lab.socket.create_connection((lab.GUEST, 9), lab.PATIENCE) as connection:
        connection.sendall(b"W")
        try:
            for _ in range(count >> 20):
                connection.sendall(block)
            connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it does not read on; its answer is there before the reset, or is not
        try:
            return connection.recv(100).decode()
        except ConnectionResetError:
            return "reset"


def python_server():
    with lab.python_server(f"{MEMORY >> 20}M") as guest:
        answers = []
        before = lab.meminfo(guest)["MemFree"]
        lab.Witness(lab.expects(lab.echo, b"the same")).attest(
            "upload", "a client is served while another fills the disk",
            lambda: answers.append(upload(SIZE)))
        lab.claim("error", "the uploader is told that there is no space, or cut off",
                  answers[0] in (f"error {ENOSPC}", "reset"), answers)
        lab.claim("again", "there is space again when the file is gone",
                  upload(8 << 20) == f"kept {8 << 20}")
        lost = before - lab.meminfo(guest)["MemFree"]
        lab.claim("memory", "the file's memory comes back but for the packets' share",
                  lost < MEMORY // 4 + (8 << 20), f"{lost >> 20} MiB are missing")
        guest.claim_bounded("bounded", MEMORY)
        guest.claim_idle("idle")
        lab.claim("alive", "the guest runs", guest.is_alive, guest.said)


def nginx():
    os.makedirs("www", exist_ok=True)
    with open("www/index.html", "w") as file:
        file.write("hello")
    with lab.nginx(f"{MEMORY >> 20}M") as guest:
        answers = []

        def attack():
            # What is longer than its length says is not read: a sparse file is long at no cost.
            with open("huge", "wb") as file:
                file.truncate(SIZE)
            answers.append(subprocess.run(
                ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "200",
                 "-T", "huge", f"http://{lab.GUEST}/put/huge"],
                stdout=subprocess.PIPE, text=True).stdout)

        lab.Witness(lab.expects(lambda: lab.fetch("/"), (200, b"hello"))).attest(
            "put", "nginx serves a client while another fills its disk", attack)
        lab.claim("put-error", "PUT is answered with an error of the server",
                  answers[0] in ("500", "507"), answers)
        with open("small", "wb") as file:
            file.write(os.urandom(1 << 20))
        subprocess.run(["curl", "-sf", "-T", "small", f"http://{lab.GUEST}/put/small"], check=True)
        with open("small", "rb") as file:
            lab.claim("put-again", "PUT works again", lab.fetch("/put/small") == (200, file.read()))
        lab.claim("put-alive", "the guest runs", guest.is_alive, guest.said)


if __name__ == "__main__":
    lab.run(python_server, nginx)
