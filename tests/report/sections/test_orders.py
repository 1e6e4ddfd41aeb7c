"""Orders that were cancelled."""


def test_the_orders_of_ten_wallets_are_told_in_their_own_numbers(ten):
    assert "1 open order was cancelled: 1 of counterparties that were deleveraged." in ten.texts["orders"]
    assert ten.tables["Cancelled orders"][1] == ["SOLUSDT", "1", "1", "22.00", "USDT"]
