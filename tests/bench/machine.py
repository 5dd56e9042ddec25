"""What the machine gives: its real cores, the load on it, and the CPU time of a process with its children."""

import multiprocessing
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_BUSY_SECONDS = 1.0


def _turns(seconds: float) -> int:
    until = time.perf_counter() + seconds
    turns = 0
    while time.perf_counter() < until:
        for _ in range(1000):
            turns += 1
    return turns


def real_cores(loops: int = 2) -> float:
    """How many times the work of one busy loop ``loops`` of them do at once."""
    with multiprocessing.get_context("spawn").Pool(loops) as pool:
        pool.map(_turns, [0.05] * loops)
        alone = pool.map(_turns, [_BUSY_SECONDS])[0]
        together = sum(pool.map(_turns, [_BUSY_SECONDS] * loops, chunksize=1))
        alone = max(alone, pool.map(_turns, [_BUSY_SECONDS])[0])
    return together / alone


def load() -> float:
    """The load average of the last minute."""
    return os.getloadavg()[0]


def processor() -> str:
    """Its name."""
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else "unknown"


def cpu_of(pid: int) -> float:
    """CPU seconds of one process, all its threads, the ended ones too (CPUCLOCK_SCHED of that process)."""
    return time.clock_gettime((~pid << 3) | 2)


def family(pid: int) -> list[int]:
    """A process and its living descendants."""
    found = [pid]
    for member in found:
        for children in Path(f"/proc/{member}/task").glob("*/children"):
            found += [int(child) for child in children.read_text().split()]
    return found


@dataclass(frozen=True)
class Spent:
    """What something cost: seconds of the clock, and CPU seconds of each process by name."""

    wall: float
    cpu: dict[str, float]

    @property
    def total(self) -> float:
        """CPU of all processes."""
        return sum(self.cpu.values())


class Meter:
    """``with Meter({"key process": pids}) as meter: …``, then ``meter.spent``."""

    def __init__(self, processes: dict[str, Iterable[int]]) -> None:
        self._processes = {name: tuple(pids) for name, pids in processes.items()}

    def __enter__(self) -> "Meter":
        self._began = {name: sum(map(cpu_of, pids)) for name, pids in self._processes.items()}
        self._clock = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        wall = time.perf_counter() - self._clock
        ended = {name: sum(map(cpu_of, pids)) for name, pids in self._processes.items()}
        self.spent = Spent(wall, {name: ended[name] - self._began[name] for name in ended})
