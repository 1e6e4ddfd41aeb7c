"""Who was bankrupt and who paid."""


def test_the_waterfall_of_ten_wallets_is_told_in_its_own_numbers(ten):
    assert "Of 10,805 USDT of positions in liquidation 69.2 % went to other users and 30.8 %" in ten.texts["waterfall"]
    assert ten.tables["Money beside positions"][1:] == [
        ["fees of liquidation orders, to funds", "32.47"],
        ["profit or loss that deleveraged users realized", "+1,125.00"],
    ]
