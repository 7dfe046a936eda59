"""Closes the process that it is called in: no files, network, programs, processes or privileges; bounded resources.

Linux only, without libraries of the system: the system calls are made with ctypes, the seccomp filter is written by
hand. Elsewhere the limits of POSIX hold, and `close` reports the missing layers.
"""

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LAYERS = {
    "limits": "limits on memory, CPU time, open files and processes; no file may grow",
    "unprivileged": "neither root nor capabilities, and none can be gained",
    "landlock": "no path of the file system, no port, no signal to others (Landlock)",
    "seccomp": "a list of the system calls that parsing needs, and no other (seccomp)",
    "empty root": "an empty folder as the root of the file system",
}
"""The layers that `close` may put around a process, and what each one allows."""

REQUIRED = frozenset({"limits", "unprivileged", "landlock", "seccomp"})
"""The layers without which COLUMNIST_SANDBOX=require refuses to read. An empty root needs user namespaces, which many
machines do not allow; the other layers protect everything that it would."""

NOBODY = 65_534
OPEN_FILES = 16

_NO_NEW_PRIVS, _DUMPABLE, _SECCOMP, _DEATH_SIGNAL, _AMBIENT = 38, 4, 22, 1, 47
_FILTER = 2
_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_READ_BY_PROGRAMS = "usr lib lib64 bin etc opt proc sys var/cache var/lib/libreoffice var/spool/libreoffice"
_OF_THE_SYSTEM = tuple(f"/{name}" for name in _READ_BY_PROGRAMS.split())

_ALLOW, _EPERM, _KILL = 0x7FFF0000, 0x00050001, 0x80000000
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER, _MACHINE, _ARGUMENTS = 0, 4, 16
"""The offsets at which a filter finds the number of a system call, the machine's kind and the arguments."""

_PLAIN = """read write readv writev pread64 close fstat lseek munmap mremap brk madvise futex getrandom clock_gettime
clock_getres gettimeofday nanosleep clock_nanosleep sched_yield sched_getaffinity getpid gettid getrusage rt_sigaction
rt_sigprocmask rt_sigreturn sigaltstack restart_syscall rseq exit exit_group""".split()
"""Allowed with any arguments: none opens, sends, starts or changes anything outside the process, or takes a path. So
newfstatat is missing. glibc uses it for the state of an open file; with a path it would show which files exist, because
Landlock does not refuse that. Python does without the answer."""
_WITHOUT_BITS = {"mmap": (2, 4), "mprotect": (2, 4)}
"""Allowed unless these bits of this argument are set: no new machine code."""
_WITH_VALUE = {"fcntl": (1, 1030)}
"""Allowed only with this value: a copy of a descriptor, which libtiff needs."""
_NUMBERS = {
    "x86_64": dict(  # noqa: C408
        read=0, write=1, readv=19, writev=20, pread64=17, close=3, fstat=5, lseek=8, fcntl=72, munmap=11,
        mremap=25, brk=12, madvise=28, futex=202, getrandom=318, clock_gettime=228, clock_getres=229,
        gettimeofday=96, nanosleep=35, clock_nanosleep=230, sched_yield=24, sched_getaffinity=204, getpid=39,
        gettid=186, getrusage=98, rt_sigaction=13, rt_sigprocmask=14, rt_sigreturn=15,
        sigaltstack=131, restart_syscall=219, rseq=334, exit=60, exit_group=231, mmap=9, mprotect=10,
    ),
    "aarch64": dict(  # noqa: C408
        read=63, write=64, readv=65, writev=66, pread64=67, close=57, fstat=80, lseek=62, fcntl=25, munmap=215,
        mremap=216, brk=214, madvise=233, futex=98, getrandom=278, clock_gettime=113, clock_getres=114,
        gettimeofday=169, nanosleep=101, clock_nanosleep=115, sched_yield=124, sched_getaffinity=123, getpid=172,
        gettid=178, getrusage=165, rt_sigaction=134, rt_sigprocmask=135, rt_sigreturn=139,
        sigaltstack=132, restart_syscall=128, rseq=293, exit=93, exit_group=94, mmap=222, mprotect=226,
    ),
}  # fmt: skip
_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH = 1
_READ, _CHANGE_FILES, _SOCKETS = 0b1101, 0b110, 1 << 9 | 1 << 5
"""Sets of Landlock's rights: to run and read files and folders, to read and write files, to make sockets and remove
anything but folders."""
_VERSION_FLAG = 1
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""The number of rights over files that Landlock knows from this version on."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a process: bytes of memory beside those that it already has, and seconds of CPU time."""

    memory: int
    cpu_seconds: int


_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def empty_folder() -> int | None:
    """A descriptor of a folder that stays empty, because it is deleted; None if none can be made."""
    with suppress(OSError), tempfile.TemporaryDirectory() as folder:
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    return None


def end_with(parent: int) -> None:
    """Let this process be killed with its parent: at once on Linux. A change of privileges ends this."""
    if sys.platform == "linux":
        _prctl(_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def close(limits: Limits, root: int | None, parent: int) -> list[str]:
    """Close this process for good; returns the LAYERS that hold. `root`: of `empty_folder`. It ends with its parent.

    Open descriptors stay open: the caller closes those that the process must not have.
    """
    held = []
    with suppress(OSError, AttributeError):
        _prctl(_NO_NEW_PRIVS, 1)
    for name, put in layers_of(limits, root, parent).items():
        with suppress(OSError, ValueError, KeyError, AttributeError):
            put()
            held.append(name)
    return [name for name in LAYERS if name in held]


def layers_of(limits: Limits, root: int | None, parent: int) -> dict[str, Callable[[], None]]:
    """What puts each of the LAYERS around this process, in the order in which they are put."""
    return {
        "limits": lambda: _limit(limits),
        "empty root": lambda: _enter(root),
        "unprivileged": lambda: _drop_privileges(parent),
        "landlock": _forbid_paths,
        "seccomp": _filter_calls,  # last: it forbids what the others need
    }


def bound(limits: Limits, parent: int) -> list[str]:
    """Bound the resources and privileges of this process, and leave it its files and network. It ends with its parent.
    Returns no layer, because none holds completely."""
    with suppress(OSError, AttributeError):
        _prctl(_NO_NEW_PRIVS, 1)
    end_with(parent)
    _put({resource.RLIMIT_AS: _with_own(limits.memory), resource.RLIMIT_CPU: limits.cpu_seconds})
    return []


def _enter(root: int | None) -> None:
    if root is None:
        raise OSError
    if os.geteuid() != 0:
        _checked(_libc.unshare(_NEW_USER))
    os.fchdir(root)
    os.chroot(".")


def _drop_privileges(parent: int) -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    _prctl(_AMBIENT, _CLEAR_ALL)
    _checked(_libc.capset(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), bytes(24)))
    end_with(parent)  # the change of privileges has undone it
    _prctl(_DUMPABLE, 0)


def _limit(limits: Limits) -> None:
    _put(
        {
            resource.RLIMIT_AS: _with_own(limits.memory),
            resource.RLIMIT_CPU: limits.cpu_seconds,
            resource.RLIMIT_FSIZE: 0,
            resource.RLIMIT_NPROC: 0,
            resource.RLIMIT_NOFILE: OPEN_FILES,
        }
    )


def _with_own(memory: int) -> int:
    """The limit of the address space: these bytes beside those that this process already has."""
    if sys.platform == "linux":
        told = os.open("/proc/self/statm", os.O_RDONLY)  # a Path takes half a millisecond in each child
        memory += int(os.read(told, 100).split()[0]) * resource.getpagesize()
        os.close(told)
    return memory


def _put(most: dict[int, int]) -> None:
    for kind, value in (most | {resource.RLIMIT_CORE: 0}).items():
        with suppress(ValueError, OSError):  # macOS has a limit of memory and does not enforce it
            resource.setrlimit(kind, (value, value))


def confine(folder: Path, program: Path) -> None:
    """Confine this process for a program that cannot be closed: it may read and run the system's files and those beside
    `program`, and write in one folder. In /tmp it may make sockets, and remove its user's files. It has no network.
    Parts that the kernel lacks do not hold."""
    with suppress(OSError, AttributeError):
        _prctl(_NO_NEW_PRIVS, 1)
    with suppress(OSError, AttributeError):
        _checked(_libc.unshare(_NEW_NETWORK if os.geteuid() == 0 else _NEW_USER | _NEW_NETWORK))
    with suppress(OSError, KeyError):
        read = dict.fromkeys([*_OF_THE_SYSTEM, str(program.resolve().parent)], _READ)
        given = {"/dev": _READ | _CHANGE_FILES, "/tmp": _SOCKETS, str(folder): -1}  # noqa: S108
        _forbid_paths(read | given)


def _forbid_paths(but: Mapping[str, int] | None = None) -> None:
    """A Landlock ruleset; `but`: folders that are not forbidden, with their rights (-1: all)."""
    version = _libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    _checked(version)
    rights = max(count for since, count in _FILE_RIGHTS.items() if since <= version)
    attributes = struct.pack("=QQQ", (1 << rights) - 1, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
    _checked(ruleset)
    for path, allowed in (but or {}).items():
        if Path(path).is_dir():
            parent = os.open(path, os.O_PATH | os.O_DIRECTORY)
            rule = struct.pack("=Qi", allowed & ((1 << rights) - 1), parent)
            _checked(_libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0))
            os.close(parent)
    _checked(_libc.syscall(_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def _filter_calls() -> None:
    program = _program()
    held = ctypes.create_string_buffer(program, len(program))
    _prctl(_SECCOMP, _FILTER, ctypes.byref(_Program(len(program) // 8, ctypes.addressof(held))))


@cache
def _program() -> bytes:
    return b"".join(struct.pack("=HBBI", *step) for step in _steps(platform.machine()))


def prepare() -> None:
    """Compute, once for all children of this process, the values with which each closes itself."""
    with suppress(KeyError):
        _program()


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


def _steps(machine: str) -> list[tuple[int, int, int, int]]:
    """The filter: (code, steps to skip if true, if false, operand). Raises KeyError on a machine without a list of
    calls."""
    numbers = _NUMBERS[machine]
    steps = [
        (_LOAD, 0, 0, _MACHINE),
        (_EQUAL, 1, 0, _MACHINES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    for name in _PLAIN:
        steps += [(_EQUAL, 0, 1, numbers[name]), (_RETURN, 0, 0, _ALLOW)]
    for listed, test, if_true, if_false in (
        (_WITHOUT_BITS, _ANY_BIT, _EPERM, _ALLOW),
        (_WITH_VALUE, _EQUAL, _ALLOW, _EPERM),
    ):
        for name, (argument, operand) in listed.items():
            steps += [
                (_EQUAL, 0, 4, numbers[name]),
                (_LOAD, 0, 0, _ARGUMENTS + 8 * argument),
                (test, 0, 1, operand),
                (_RETURN, 0, 0, if_true),
                (_RETURN, 0, 0, if_false),
            ]
    return [*steps, (_RETURN, 0, 0, _EPERM)]


def _prctl(*arguments: object) -> None:
    _checked(_libc.prctl(*arguments, *(0,) * (5 - len(arguments))))


def _checked(result: int) -> None:
    """Raises OSError if a system call has failed."""
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
