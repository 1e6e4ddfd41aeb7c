"""Small runs to disturb: ten wallets in a crash, two in a smaller one, and what their folders hold in the end.

``python tests/support/run_worlds.py record FOLDER`` makes the long one and tells of every pass; so does ``resume``.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import adlcore as adl
from adlcore.clearing import ClearingHouse, Events
from adlcore.io import Inputs, Run, open_run, record, resume
from support import house_books, ten_wallets

#: What the manifest keeps.
CONFIGURATION = {"rule": "binance", "sizes": [1, 2.5, None], "deep": {"ä": True}}


class Stop(Exception):
    """What ends a run early."""


@dataclass(frozen=True, eq=False)
class RunWorld:
    """A house as it is before a run, made anew each time, and the passes."""

    house: Callable[[], ClearingHouse]
    passes: tuple[Inputs, ...]

    def record(self, folder: Path, passes: Iterable[Inputs] | None = None, **more) -> Run:
        return record(
            folder, self.house(), self.passes if passes is None else passes, configuration=CONFIGURATION, **more
        )

    def resume(self, folder: Path, passes: Iterable[Inputs] | None = None, **more) -> Run:
        return resume(folder, self.house(), self.passes if passes is None else passes, **more)

    def verify(self, folder: Path) -> Run:
        return adl.io.verify(folder, self.house(), self.passes)

    def go_on(self, folder: Path) -> Run:
        """From wherever it was left; where nothing had begun, from the beginning."""
        return self.resume(folder) if (folder / "manifest.json").exists() else self.record(folder)

    def until(self, count: int) -> Iterator[Inputs]:
        """So many passes, then an end that nobody expects."""
        yield from self.passes[:count]
        raise Stop

    def stop(self, folder: Path, count: int) -> Path:
        """A run that is left after so many passes."""
        with contextlib.suppress(Stop):
            self.record(folder, self.until(count))
        return folder

    @cached_property
    def events(self) -> list[Events]:
        """The events of each pass, from a house alone."""
        house = self.house()
        return [
            house.mark(each.marks, each.time, index_prices=each.index_prices, oracle=each.oracle)
            for each in self.passes
        ]

    @cached_property
    def tree(self) -> dict[str, bytes]:
        """What the folder holds of a run that nothing happened to."""
        with TemporaryDirectory() as parent:
            self.record(Path(parent, "run"))
            return tree(Path(parent, "run"))

    @cached_property
    def log(self) -> bytes:
        """All of ``events.arrow``, before the run is sealed."""
        with TemporaryDirectory() as parent:
            return (self.stop(Path(parent, "run"), len(self.passes)) / "events.arrow").read_bytes()


def without_opening(folder: Path) -> Path:
    """A run as it was recorded when its manifest did not say what the house held."""
    from adlcore.io.runs import manifest

    found = manifest.read_manifest(folder)
    kept = {name: value for name, value in found["opening"].items() if name not in manifest.OPTIONAL_OPENING_KEYS}
    manifest.write_manifest(folder, {**found, "opening": kept})
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    """Every file in a folder, hidden ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# The worlds -----------------------------------------------------------------------------------------------------------

STATE = ten_wallets.house().state()


def _ten() -> ClearingHouse:
    return ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder())


def _two() -> ClearingHouse:
    held = [("X", 0, 2, 200), ("X", 1, -2, -200)]
    books = house_books.snapshot([house_books.linear()], [30, 900], held, {"X": "100"})
    return ClearingHouse(books, venue=[adl.clearing.Deleverage("binance")])


#: Nobody fails, nearly everybody does, nothing is given, and somebody is tried again.
CRASH = (
    Inputs(900, {"X": "99"}),
    Inputs(1000, *(ten_wallets.DOWN[name] for name in ("prices", "index_prices", "oracle"))),
    Inputs(1500, {}),
    Inputs(2000, {"X": "70.5", "Y": "66"}, {"BTC": "70"}),
)
TEN = RunWorld(_ten, CRASH)

#: As much again, many times.
LONG = RunWorld(
    _ten, (*CRASH, *(Inputs(2000 + n, {"X": str(60 + 7 * n % 50), "Y": str(50 + 9 * n % 40)}) for n in range(1, 37)))
)

TWO = RunWorld(_two, (Inputs(1, {"X": "99"}), Inputs(2, {"X": "84"}), Inputs(3, {"X": "85"})))

ANN, ANN_ALONE, CYD, DAN, BOB, EVE = range(6)


def _middle() -> ClearingHouse:
    """In the middle of its life: its fund of 30 holds 5 X that cost 440; ann's cross wallet owes 15, and eve's 7.

    At 81 dan fails, and the 10 of ann's other wallet are closed against his: what is in there then pays her debt.
    """
    wallets = [("ann", "cross", -20), ("ann", "isolated", 200), ("cyd", "cross", 60), ("dan", "cross", 200)]
    wallets += [("bob", "cross", 10_000), ("eve", "cross", -7)]
    held = [("X", ANN_ALONE, -10, -1000), ("X", CYD, 5, 500), ("X", DAN, 10, 1000), ("X", BOB, -5, -500)]
    books = house_books.snapshot([house_books.linear()], wallets, held, {"X": "100"})
    stages = [adl.clearing.TakeOver(), adl.clearing.Deleverage()]
    house = ClearingHouse(books, [house_books.fund(5)], venue=stages)
    house.fund_deposit("USDT", 500, time=1)
    house.mark({"X": "90"}, time=2)
    house.fund_deposit("USDT", 30 - house.funds["USDT"].cash, time=3)
    return ClearingHouse.from_state(house.state(), stages[1:])


MIDDLE = RunWorld(_middle, (Inputs(10, {"X": "89"}), Inputs(11, {"X": "81"}), Inputs(12, {"X": "82"})))


# A process that may be killed -----------------------------------------------------------------------------------------


def _slowly(passes: Iterable[Inputs]) -> Iterator[Inputs]:
    for each in passes:
        time.sleep(0.004)
        yield each


def _tell(number: int, *_: object) -> None:
    print(number, flush=True)


def main(what: str, folder: str) -> None:
    """Make the long run, and tell of every pass."""
    getattr(LONG, what)(Path(folder), _slowly(LONG.passes), on_pass=_tell)
    assert open_run(folder).sealed


if __name__ == "__main__":
    main(*sys.argv[1:])
