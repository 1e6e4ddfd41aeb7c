"""What the benchmarks share: data, cases, peers and the clock.

* ``columns``, ``books``, ``houses``: data of any size, the same for the same seed: one market, books, a house.
* ``cases``: what is measured. A case is a function that sets up outside the clock and gives calls by their names.
* ``peers``: other implementations of the same thing, with the table that compares their times and answers.
* ``timing``: how it is measured: calls that are made in turn, in one process, so that their ratios hold on a machine
  that is not quiet. ``memory``: what a call adds to the resident set.
* ``asv_class``: what a class of the asv suite is made of.

To add a case, write a function in ``cases`` that takes data (and what it is varied by) and gives ``{name: call}``;
then a class of ``suite/bench_*.py`` that says which calls are ``times``, ``peaks`` and ``extras``, and at which sizes
the case is made. asv knows them as ``time_NAME``, ``peakmem_NAME`` and ``track_NAME``:

    class Score(OnColumns, case=cases.score, times="score", rows=ROWS, rule=("binance", "roi")):
        ...

To add a goal, yield a line from the part of ``goals*.py`` that it belongs to, measured with calls of the same case.
To add a peer, write how it is prepared in the module of ``peers`` and put it into the list there: its answer is
compared with the exact one.

They are run small by ``ADLCORE_BENCH_ROWS=100000`` (asv) or ``--rows 100000 --quick`` (``compare.py``).
"""
