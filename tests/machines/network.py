"""Machines on one machine: a network namespace each, and a switch with weather between them.

The kernel's netem is not everywhere, and cannot cut one direction between two machines. So the switch is a process that
forwards frames itself: late, seldom or not at all, as set for each pair of machines and each direction.
"""

import ctypes
import heapq
import itertools
import multiprocessing
import random
import select
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

FOLDER = "/run/netns"
PREFIX = "10.99.0."
_ALL_PROTOCOLS = 3
_SOL_PACKET, _PACKET_VNET_HDR, _HEADER_BYTES = 263, 15, 10
"""With this header a frame may have any size that the kernel uses, and has no checksum yet."""
_DESTINATION = _HEADER_BYTES + 5
"""The offset of the last byte of a frame's destination address: the machine's number."""
_LARGEST_FRAME = 70_000
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Link:
    """One direction between two machines: how late frames come, and the share of them that is lost."""

    seconds: float = 0.0
    loss: float = 0.0


Weather = Mapping[tuple[str, str], Link]
"""(From, to) → the weather, if it is not fine."""


class Network:
    """The machines with these names. It needs root, and separate namespaces for network and mounts; `here` is the name
    of this process in it. All of it is gone with the last process."""

    def __init__(self, names: Sequence[str], here: str) -> None:
        self._numbers = {name: number for number, name in enumerate([*names, here], 1)}
        Path(FOLDER).mkdir(exist_ok=True)
        _run("mount", "-t", "tmpfs", "namespaces", FOLDER)
        _run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
        _run("ip", "link", "set", "lo", "up")
        for name, number in self._numbers.items():
            inside = [] if name == here else ["-n", name]
            if inside:
                _run("ip", "netns", "add", name)
                _run("ip", "link", "add", f"to-{name}", "type", "veth", "peer", "name", "eth0", "netns", name)
            else:
                _run("ip", "link", "add", f"to-{name}", "type", "veth", "peer", "name", "eth0")
            # Neighbours are fixed: a lost ARP request would be an error, but the line must be silent.
            lines = [
                "link set lo up",
                f"link set eth0 address {_address(number)} up",
                f"addr add {PREFIX}{number}/24 dev eth0",
                *(
                    f"neigh add {PREFIX}{other} lladdr {_address(other)} dev eth0 nud permanent"
                    for other in self._numbers.values()
                    if other != number
                ),
            ]
            _run("ip", *inside, "-batch", "-", lines="\n".join(lines))
            _run("ip", "link", "set", f"to-{name}", "up")
        self._tell, told = multiprocessing.Pipe()
        self._switch = multiprocessing.get_context("fork").Process(
            target=_switch, args=(list(self._numbers), told), daemon=True
        )
        self._switch.start()

    def ip(self, name: str) -> str:
        """The address of a machine."""
        return f"{PREFIX}{self._numbers[name]}"

    def set(self, weather: Weather) -> None:
        """Set the weather from now on."""
        assert self._switch.is_alive()
        self._tell.send({(self._numbers[one], self._numbers[other]): link for (one, other), link in weather.items()})


def _address(number: int) -> str:
    return f"02:00:00:00:00:{number:02x}"


def _run(*command: str, lines: str = "") -> None:
    done = subprocess.run(command, input=lines, text=True, capture_output=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


def _port(name: str) -> socket.socket:
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_PROTOCOLS))
    port.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
    port.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024**2)
    port.bind((f"to-{name}", _ALL_PROTOCOLS))
    port.setblocking(False)
    return port


def _switch(names: Sequence[str], told: Connection) -> None:
    """Forward frames until the process that set it up has ended."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ports = {number: _port(name) for number, name in enumerate(names, 1)}
    numbers = {port.fileno(): number for number, port in ports.items()}
    poller = select.poll()
    for descriptor in (*numbers, told.fileno()):
        poller.register(descriptor, select.POLLIN)
    weather: dict[tuple[int, int], Link] = {}
    late: list[tuple[float, int, int, bytes]] = []
    order = itertools.count()
    while True:
        wait = max(0.0, late[0][0] - time.monotonic()) * 1000 if late else None
        for descriptor, _ in poller.poll(wait):
            if descriptor == told.fileno():
                weather = told.recv()
                continue
            number = numbers[descriptor]
            for _ in range(32):
                try:
                    frame = ports[number].recv(_LARGEST_FRAME)
                except (BlockingIOError, OSError):
                    break
                to = frame[_DESTINATION]
                link = weather.get((number, to))
                if link is None:
                    _pass_on(ports, to, frame)
                elif random.random() >= link.loss:
                    heapq.heappush(late, (time.monotonic() + link.seconds, next(order), to, frame))
        while late and late[0][0] <= time.monotonic():
            _, _, to, frame = heapq.heappop(late)
            _pass_on(ports, to, frame)


def _pass_on(ports: Mapping[int, socket.socket], to: int, frame: bytes) -> None:
    if to in ports:
        try:
            ports[to].send(frame)
        except OSError:
            return  # the line is full: the frame is lost
