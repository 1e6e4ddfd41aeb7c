"""The invariants of the books: they hold after a busy pass, and what breaks them is named."""

from collections import defaultdict

import pytest

from adlcore.clearing import BrokenBooksError, ClearingHouse, Deleverage
from support import ten_wallets
from support.busy_pass import INFORM, busy
from support.house_books import CAPPED, LACKING, mark_once
from support.house_calls import IN_TURN, STATE
from support.ten_wallets import BOB, DAN, TOM


def damaged(state, **changes):
    """A state whose users' books have other columns: ``{"wallets.balance": (row, more)}``."""
    books = state.snapshot
    for name, (row, more) in changes.items():
        table, column = name.split("__")
        values = getattr(getattr(books, table), column).copy()
        values[row] += more
        books = books._with({table: getattr(books, table).replace(**{column: values})})
    return state.replace(snapshot=books)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"positions__quantity": (0, 2)}, ["open interest of X: 2 lots more are long"]),
        ({"positions__quantity": (0, -2)}, ["open interest of X: 2 lots more are short"]),
        ({"wallets__balance": (BOB, 7)}, ["balances and cash less entry values of USDT are", "+7 too many"]),
        ({"wallets__balance": (DAN, -7)}, ["of BTC are", "-7 too many"]),
        ({"positions__entry_value": (1, -5)}, ["of USDT are", "+5 too many"]),
        ({"balances__amount": (1, 9)}, ["of BTC are", "+9 too many"]),
        ({"wallets__balance": (TOM, -4)}, ["wallets[9] holds no position, has -4 quanta and no open entry"]),
    ],
)
def test_an_audit_names_what_does_not_add_up(changes, words):
    state = damaged(STATE, **changes)
    house = ClearingHouse.from_state(state, ten_wallets.venue())
    found = "; ".join(house.audit())
    for word in words:
        assert word in found, found
    with pytest.raises(BrokenBooksError) as caught:
        house.deposit(BOB, 1)
    for word in words:
        assert word in str(caught.value) or "too many" in word
    assert house.state() is state


def test_an_audit_of_parties_and_entries():
    """Cash that no ledger tells of, and an entry that is not what is owed."""
    cash = STATE.parties.cash.copy()
    cash[STATE.parties.first_fund, 0] += 3
    before = STATE.parties
    columns = {"lots": before.lots, "cost": before.cost, "realized": before.realized, "cash": cash}
    parties = type(before)(before.names, before.first_fund, **columns)
    found = ClearingHouse.from_state(STATE.replace(parties=parties), ten_wallets.venue()).audit()
    assert len(found) == 2
    assert "fund X: cash less cost is" in found[1]
    found = ClearingHouse.from_state(STATE.replace(uncovered={(TOM, 0): 5}), ten_wallets.venue()).audit()
    assert found == ["wallets[9] owes 5 quanta of USDT, and has 0"]


def test_a_house_that_does_not_audit_itself():
    """The same events and hash; broken books are found when it is asked."""
    one = ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder())
    other = ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder(), audit="off")
    for call in IN_TURN:
        assert call(one) == call(other)
    assert one.hash == other.hash
    broken = ClearingHouse.from_state(damaged(STATE, wallets__balance=(BOB, 7)), ten_wallets.venue(), audit="off")
    broken.deposit(BOB, 1)
    assert len(broken.audit()) == 1


def test_longs_and_shorts_of_a_contract_add_up_with_all_parties():
    """What users have less than before, parties have taken."""
    books, done, _ = busy()
    after = done.house.snapshot()
    for code, contract in enumerate(books.contracts):
        part = books.rows(code)
        moved = [row for row in done.events.rows() if row["kind"] not in INFORM and row["contract"] == contract.symbol]
        parties = sum(row["lots"] for row in moved if row["wallet"] < 0)
        assert after.positions.quantity[part].sum() + parties == books.positions.quantity[part].sum()
    done.house.audit()


def test_money_less_entry_values_is_constant_in_every_asset():
    """Every amount that moves is somebody else's, negated."""
    _, done, _ = busy()
    total = defaultdict(int)
    for row in done.events.rows():
        if row["kind"] not in INFORM:
            total[row["asset"]] += row["amount"]
    assert set(total) == {"USDT", "BTC"}
    assert not any(total.values())


def test_a_wallet_without_positions_owes_nothing_but_an_open_entry():
    """Of exactly its negative balance."""
    _, done, _ = busy()
    after = done.house.snapshot()
    open_rows = set(after.positions.wallet[after.positions.quantity != 0].tolist())
    entries = dict(done.amounts("uncovered-money"))
    for wallet, balance in enumerate(after.wallets.balance.tolist()):
        if wallet not in open_rows and balance < 0:
            assert entries[wallet] == -balance


#: Wallet 0: 10 that cost 1500, at 100 and nothing above 110: 400 lack. Wallet 1 is short and rich.


def test_the_cash_of_a_fund_is_its_opening_and_its_ledger():
    """Events of it that are no fills."""
    done = mark_once([CAPPED], *LACKING, [Deleverage()], 500)
    assert done.cash() == 500 + sum(amount for _, amount in done.amounts("fund-paid", "fund-received", party="USDT"))
