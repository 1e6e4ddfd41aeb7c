"""Where there are no real books: crowds of wallets, crashes from a file, and what comes of them.

* :mod:`~adlcore.lab.synthetic`: one market of any size, for rankings and their speed.
* :mod:`~adlcore.lab.crowd`: a :class:`~adlcore.Snapshot` of wallets in every margin mode, for margin and clearing;
  :mod:`~adlcore.lab.habits` says what they are like.
* :mod:`~adlcore.lab.scenarios`: a crash as a TOML file, from wallets to the fall of the marks (its keys:
  :mod:`~adlcore.lab.scenario_tables`); :mod:`~adlcore.lab.crash` makes it happen, with marks of
  :mod:`~adlcore.lab.shocks` and books of :mod:`~adlcore.lab.moving_depth`.
* :mod:`~adlcore.lab.outcome`: who was liquidated, and who took what was closed; :mod:`~adlcore.lab.comparisons`:
  crashes that differ in one thing.

``synthetic`` and ``crowd`` are there at once; the others are imported by their names, and scenarios need pydantic
(``pip install 'adlcore[lab]'``). A *crowd* is a snapshot that was made up; a *venue* is a rulebook
(:mod:`adlcore.venues`).

>>> import adlcore as adl
>>> adl.lab.crowd.snapshot(wallets=100, contracts=2)
<Snapshot of 100 wallets, 204 positions in 2 contracts, 8 open orders>
>>> adl.lab.synthetic.market(1_000).deleverage(50, "binance").quantity
array([50])
"""

from . import crowd, synthetic

__all__ = ["crowd", "synthetic"]
