"""The acts of a file that exploits a parser: code that runs in a guarded child, after it has closed itself."""

import ctypes
import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from columnist.guarded.frames import DONE, send

_libc = ctypes.CDLL(None, use_errno=True)


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
    """The open descriptors, and their devices."""
    found = {}
    for number in range(64):
        try:
            found[number] = os.fstat(number).st_rdev
        except OSError:
            continue
    return found


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
    "machine code": lambda: _called(_libc.mprotect(ctypes.c_void_p(0x1000), 0x1000, 7)),
    "memory": lambda: len(bytearray(1024**3)),
    "limits": lambda: __import__("resource").setrlimit(7, (1024, 1024)),
    "nothing": lambda: "done",
}
