"""A pass in which everything happens at once."""

from adlcore.clearing import Backstop, BookIOC, CancelOrders, Deleverage, NetLegs, TakeOver
from support.house_books import AT_100, PassResult, RestingOrders, build_house, fund, inverse, linear, orders, snapshot

BUSY = [CancelOrders(), NetLegs(), BookIOC(fee="0.01", portion="0.5"), Backstop(), TakeOver(), Deleverage()]


def busy():
    """A pass in which everything happens at once: the books before it, the pass, and the order book after it."""
    contracts = [linear("X", max_price="130"), linear("Y"), inverse("I")]
    wallets = [
        *(("a", "cross", 0), ("b", "cross", 30), ("c", "cross", 10), ("d", "cross", 900), ("e", "isolated", 300)),
        *(("e", "cross", 5), ("f", "cross", 60), ("g", "cross", -5)),
        *(("h", "cross", 3, "BTC"), ("i", "cross", 50, "BTC")),
    ]
    positions = [
        *(("X", 0, 10, 1600), ("X", 1, 10, 1000), ("X", 3, -8, -900), ("X", 4, -6, -700), ("X", 6, -3, -345)),
        *(("Y", 1, 3, 300), ("Y", 2, 7, 705), ("Y", 3, -10, -1000), ("Y", 6, 1, 110)),
        *(("I", 8, 3, -300), ("I", 9, -3, 310)),
    ]
    placed = orders(("X", 0, 1, 90, 0), ("Y", 3, 1, 90, 0), ("X", 5, 1, 90, 0))
    books = snapshot(contracts, wallets, positions, {**AT_100, "I": "100"}, orders=placed)
    book = RestingOrders(bids=[(4, 101), (3, 97)], asks=[(2, 99)])
    house = build_house(books, BUSY, [fund(100), fund(20, "BTC")], book)
    before = house.snapshot()
    return before, PassResult(house, house.mark({**AT_100, "I": "95"})), book


#: Kinds that tell something and move nothing.
INFORM = {
    *("adl-notice", "zero-fill", "uncovered-lots", "uncovered-money", "uncovered-paid", "liquidation-started"),
    "healthy",
    *("order-cancelled", "order-placed", "max-rounds", "trigger-on", "trigger-off", "balanced"),
    *("leverage-set", "uncovered-reduced", "take-over-refused", "take-over-bound"),
}
