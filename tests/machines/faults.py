"""Faults of machines: the kinds as data, a random walk over them, and how each begins and ends."""

import random
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from tests.machines.hosts import DATABASES, LLMS, MACHINES, WORKERS, Site, filled
from tests.machines.network import Link

LEASE_SECONDS = 5
"""The lease of the walk's workers: some faults are longer, so that a holder comes back after another has its item."""

SLOW = Link(seconds=0.1)
LOSSY = Link(loss=0.2)
CUT = Link(loss=1)

_LINES = tuple(
    (one, other)
    for one in (*WORKERS, "api")
    for other in (*DATABASES, "store", *LLMS)
    if one != "api" or other in DATABASES
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault: its frequency, its shortest and longest time (seconds), its possible targets, and its effect."""

    weight: int
    seconds: tuple[float, float]
    targets: Sequence[tuple[str, ...]]
    act: Callable[[Site, "Fault"], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault. `kind`: its name in KINDS."""

    kind: str
    machines: tuple[str, ...]
    seconds: float

    def __str__(self) -> str:
        return f"{self.kind} {' '.join(self.machines)} {self.seconds:.1f} s"

    @property
    def touches(self) -> frozenset[str]:
        """The targets that no other fault may have meanwhile."""
        if self.kind in _OF_LINES:
            return frozenset({" ".join((self.kind, *self.machines))})
        return frozenset({"databases"} if self.machines[0] in DATABASES else self.machines)


@contextmanager
def _killed(site: Site, fault: Fault) -> Iterator[None]:
    machine = site.machines[fault.machines[0]]
    machine.end()
    yield
    machine.start()


@contextmanager
def _asked_to_end(site: Site, fault: Fault) -> Iterator[None]:
    machine = site.machines[fault.machines[0]]
    machine.ask_to_end()
    yield
    machine.end()
    machine.start()


@contextmanager
def _paused(site: Site, fault: Fault) -> Iterator[None]:
    machine = site.machines[fault.machines[0]]
    machine.send(signal.SIGSTOP)
    yield
    machine.send(signal.SIGCONT)


@contextmanager
def _wrong_clock(site: Site, fault: Fault) -> Iterator[None]:
    machine = site.machines[fault.machines[0]]
    machine.end()
    machine.start(clock="+2h" if fault.seconds % 1 < 0.5 else "-3h")
    yield
    machine.end()
    machine.start()


@contextmanager
def _full_disk(site: Site, fault: Fault) -> Iterator[None]:
    name = fault.machines[0]
    with filled(site.cluster.disk(name) if name in DATABASES else site.machines[name].disk):
        yield
    if name in DATABASES and not site.cluster.is_up(name):
        site.cluster.kill(name)
        site.cluster.start(name)


@contextmanager
def _crashed(site: Site, fault: Fault) -> Iterator[None]:
    site.cluster.kill(fault.machines[0])
    yield
    site.cluster.start(fault.machines[0])


@contextmanager
def _hung_up(site: Site, fault: Fault) -> Iterator[None]:
    site.cluster.hang_up()
    yield


@contextmanager
def _promoted(site: Site, fault: Fault) -> Iterator[None]:
    site.cluster.promote()
    yield


def _line(link: Link, one_way: bool = False) -> Callable[[Site, Fault], AbstractContextManager[None]]:
    @contextmanager
    def weather(site: Site, fault: Fault) -> Iterator[None]:
        one, *others = fault.machines
        pairs = [(one, other) for other in others or MACHINES if other != one]
        if not one_way:
            pairs += [(other, one) for one, other in pairs]
        with site.weather(pairs, link):
            yield

    return weather


def _each(*names: str) -> list[tuple[str, ...]]:
    return [(name,) for name in names]


KINDS = {
    "kill": Kind(12, (0.1, 1.0), _each(*WORKERS, *WORKERS, "api", *LLMS), _killed),
    "ask to end": Kind(4, (0.2, 2.0), _each(*WORKERS, "api"), _asked_to_end),
    "pause": Kind(12, (0.5, 1.6 * LEASE_SECONDS), _each(*WORKERS, *WORKERS, "api", "store", *LLMS), _paused),
    "wrong clock": Kind(3, (3.0, 6.0), _each(*WORKERS), _wrong_clock),
    "full disk": Kind(6, (0.5, 2.0), _each(*WORKERS, *DATABASES), _full_disk),
    "cut": Kind(14, (0.5, 4.0), [*_LINES, DATABASES], _line(CUT)),
    "cut one way": Kind(14, (0.5, 4.0), [*_LINES, *(line[::-1] for line in _LINES)], _line(CUT, one_way=True)),
    "alone": Kind(8, (0.5, 1.6 * LEASE_SECONDS), _each(*WORKERS, "store", *LLMS), _line(CUT)),
    "slow": Kind(9, (1.0, 4.0), _each(*WORKERS, *DATABASES, "store"), _line(SLOW)),
    "lossy": Kind(9, (1.0, 4.0), _each(*WORKERS, *DATABASES, "store"), _line(LOSSY)),
    "crash": Kind(4, (0.1, 1.5), _each(*DATABASES), _crashed),
    "hang up": Kind(6, (0.0, 0.1), _each("db1"), _hung_up),
    "promote": Kind(2, (0.0, 0.1), _each("db1"), _promoted),
}
_OF_LINES = {name for name, kind in KINDS.items() if kind.act.__qualname__.startswith("_line")}


def walk(seed: int, count: int) -> list[Fault]:
    """This many faults, the same for the same seed; each kind comes once before chance decides."""
    chance = random.Random(seed)
    names = chance.sample(list(KINDS), len(KINDS))[:count]
    names += chance.choices(list(KINDS), [kind.weight for kind in KINDS.values()], k=count - len(names))
    return [
        Fault(name, chance.choice(KINDS[name].targets), round(chance.uniform(*KINDS[name].seconds), 2))
        for name in names
    ]
