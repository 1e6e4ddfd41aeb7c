from .fund_books import FundBooks, FundTerms, LotValues, Offers, Refusals, Takings

def take_over(
    funds: FundBooks, terms: FundTerms, values: LotValues, offers: Offers, takings: Takings, refusals: Refusals
) -> tuple[int, int]:
    """Offer rows to funds, in order: each to its head fund, then along the parents, until one accepts it.

    A fund that does not refuse the contract accepts where its equity afterwards is at least the least of its
    terms, and its row shrinks or its net notional afterwards is within the cap.

    Parameters
    ----------
    funds : FundBooks
        Written: what was accepted is booked at once.
    terms : FundTerms
    values : LotValues
    offers : Offers
    takings : Takings
        Written: a row for each offer.
    refusals : Refusals
        Written: a line for the first time that a fund refuses a contract, in the order of the scan.

    Returns
    -------
    tuple of int
        The first offer at which a number leaves int64, before which all are booked, or -1; how many refusals.

    Raises
    ------
    ValueError
        (argument, row, value, must), before anything is written, for holders of unlike length, and for funds and
        contracts that are none.

    Notes
    -----
    O(offers·longest chain).
    """
