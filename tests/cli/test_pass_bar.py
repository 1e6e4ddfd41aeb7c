"""The bar over the passes of a crash."""

from adlcore.lab import scenarios


def test_the_bar_counts_what_it_sees_and_says_when(monkeypatch):
    import io

    from rich.console import Console

    from adlcore.cli._pass_bar import PassBar
    from adlcore.lab.crash import Crash

    crash = Crash.of(scenarios.read({"wallets": {"count": 300, "positions": 600}, "shock": {"passes": 3}}))
    console = Console(file=io.StringIO(), force_terminal=True, width=200)
    with PassBar(crash, "verifying", console) as bar:
        for number, given in enumerate(crash.passes()):
            events = crash.house.mark(given.marks, given.time, index_prices=given.index_prices)
            if number < 2:
                bar(number, events, crash.house)
                assert bar.description.startswith(f"verifying: 00:0{number + 1}:00, BTCUSDT ")
                assert bar.description.endswith(" liquidated")
            else:
                bar.advance(crash.house)
                assert bar.description.startswith("verifying: 00:03:00, BTCUSDT ")
                assert "liquidated" not in bar.description
