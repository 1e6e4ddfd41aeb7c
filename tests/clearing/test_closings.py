"""What closed a position in liquidation, and who was told: by the stage that each fill is of, counted by hand."""

import numpy as np

from adlcore.clearing.closings import STAGES, closing_fills
from support import ten_wallets

#: The kinds of fills that close, and the stage that each is of; of an ``adl-fill`` the cause of its leg decides.
BY_KIND = {"book-fill": "order book", "net-legs": "own opposite leg", "backstop": "backstop vault"}
BY_KIND |= {"take-over": "insurance fund"}


def test_every_fill_that_closes_is_of_one_stage():
    events = ten_wallets.house().mark(**ten_wallets.DOWN)
    event, stage, side = closing_fills(events.kind, events.cause, events.wallet, events.lots, events.link)
    known = []
    rows = events.rows()
    for place, row in enumerate(rows):
        if row["kind"] == "adl-fill" and row["cause"] == "bankruptcy":
            other = rows[row["link"] - events.first]
            known.append((place, "inventory of a fund" if other["cause"] == "fund" else "other users", row["lots"]))
        elif row["kind"] in BY_KIND and (row["wallet"] >= 0 or row["kind"] == "net-legs"):
            known.append((place, BY_KIND[row["kind"]], row["lots"]))
    assert len(known) > 4
    assert event.tolist() == [place for place, _, _ in known]
    assert [STAGES[code] for code in stage] == [name for _, name, _ in known]
    assert side.tolist() == [-int(np.sign(lots)) for _, _, lots in known]
