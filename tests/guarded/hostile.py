"""The acts of a file that exploits a parser: code that runs in a guarded child, after it has closed itself."""

import ctypes
import errno
import json
import os
import platform
import socket
import struct
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from columnist.guarded.frames import DONE, send
from columnist.guarded.sandbox import _NUMBERS

_libc = ctypes.CDLL(None, use_errno=True)
_PAGE = 0x1000
_READ, _WRITE, _EXECUTE = 1, 2, 4


def warm() -> None:
    """Nothing to load."""


def answer(requests: BinaryIO, frames: BinaryIO, file: BinaryIO | None) -> None:
    """Attack as requested, and report the outcome."""
    name, *arguments = json.loads(requests.readline())
    try:
        gained = _ATTACKS[name](*arguments)
    except BaseException as error:  # noqa: BLE001 - whatever refuses it
        send(frames, DONE, {"refused": type(error).__name__})
    else:
        send(frames, DONE, {"gained": repr(gained)})


def _called(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return result


def _open_descriptors() -> dict[int, int]:
    """The open descriptors, and their devices. A closed process may not use the call of `os.fstat`."""
    found = {}
    state = ctypes.create_string_buffer(256)
    call, place = _NUMBERS[platform.machine()]["fstat"], {"x86_64": 40, "aarch64": 32}[platform.machine()]
    for number in range(64):
        if _libc.syscall(call, number, state) == 0:
            (found[number],) = struct.unpack_from("Q", state, place)
    return found


def _state_of(path: str) -> int:
    """The size of a file, asked for as that of an open one (AT_EMPTY_PATH)."""
    state = ctypes.create_string_buffer(256)
    call = {"x86_64": 262, "aarch64": 79}[platform.machine()]
    _called(_libc.syscall(call, -100, path.encode(), state, 0x1000))
    return int(struct.unpack_from("q", state, 48)[0])


def _other_calls() -> list[int]:
    """The numbers of the system calls that this process may make beside those that parsing needs, in both of the ways
    in which a 64-bit machine counts them. Raises PermissionError if there are none."""
    machine = platform.machine()
    own, ends = set(_NUMBERS[machine].values()), {335, 336}  # which end a process that is not traced, unfiltered
    gained = []
    for number in range(700):
        for way in (0, 0x40000000) if machine == "x86_64" else (0,):
            if number in ends or (number in own and not way):
                continue
            ctypes.set_errno(0)
            _libc.syscall(ctypes.c_long(way | number), 0, 0, 0, 0, 0, 0)
            gained += [] if ctypes.get_errno() == errno.EPERM else [way | number]
    if not gained:
        raise PermissionError
    return gained


def _page(rights: int) -> ctypes.c_void_p:
    """A new page of memory."""
    _libc.mmap.restype = ctypes.c_void_p
    place = _libc.mmap(None, ctypes.c_size_t(_PAGE), rights, 0x22, -1, ctypes.c_long(0))
    if place == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), "")
    return ctypes.c_void_p(place)


def _write_more() -> int:
    descriptor = os.memfd_create("more")
    return os.write(descriptor, bytes(1024))


_ATTACKS: dict[str, Callable[..., Any]] = {
    "environment": lambda: dict(os.environ),
    "descriptors": _open_descriptors,
    "read": lambda path: Path(path).read_bytes()[:10],
    "list": os.listdir,
    "stat": os.stat,
    "write": lambda path: Path(path).write_text("x"),
    "memory file": _write_more,
    "connect": lambda host, port: socket.create_connection((host, port)),
    "local socket": lambda path: socket.socket(socket.AF_UNIX).connect(path),
    "abstract socket": lambda name: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).connect(f"\0{name}"),
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "program": lambda: subprocess.run(["/bin/true"], check=True),
    "fork": os.fork,
    "thread": lambda: threading.Thread(target=print).start(),
    "kill": lambda pid: os.kill(pid, 0),
    "ptrace": lambda pid: _called(_libc.ptrace(16, pid, None, None)),
    "read memory": lambda pid: _called(_libc.process_vm_readv(pid, None, 0, None, 0, 0)),
    "pidfd": os.pidfd_open,
    "root": lambda: os.setuid(0),
    "mount": lambda: _called(_libc.mount(b"none", b"/", b"tmpfs", 0, None)),
    "unshare": lambda: _called(_libc.unshare(0x10000000)),
    "keys": lambda: _called(_libc.syscall(250, 0, -3, 0)),
    "io_uring": lambda: _called(_libc.syscall(425, 8, ctypes.create_string_buffer(120))),
    "bpf": lambda: _called(_libc.syscall(321, 0, None, 0)),
    "machine code": lambda: _called(_libc.mprotect(_page(_READ | _WRITE), _PAGE, _READ | _EXECUTE)),
    "pages for machine code": lambda: _page(_READ | _WRITE | _EXECUTE),
    "memory": lambda: len(bytearray(1024**3)),
    "limits": lambda: __import__("resource").setrlimit(7, (1024, 1024)),
    "state": _state_of,
    "other calls": _other_calls,
    "nothing": lambda: "done",
}
