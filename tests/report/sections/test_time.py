"""Prices and liquidations in time."""


def test_the_fall_of_ten_wallets_is_told_in_its_own_numbers(ten):
    assert "SOLUSDT fell by 20.0 %, from 100 to 80; the worst pass was number 0" in ten.texts["time"]
