"""Who bore it: shares, and the notices that users were sent."""

END = "no fee was charged; a new position may be opened at once"


def test_the_bearers_of_ten_wallets_are_told_in_their_own_numbers(ten):
    assert "3 users bore 7,480 USDT, the one with most 47.1 % of it." in ten.texts["bearing"]
    head, *rows = ten.tables["Notices of auto-deleveraging"]
    assert head[:4] == ["account", "contract", "side", "pass"]
    told = ["gus", "SOLUSDT", "short", "0", "40", "88.0", "3,520.00", "+400.00", "USDT", "0.22500", "2.8571", "0.64286"]
    assert rows[0][:-1] == told
    assert [row[0] for row in rows] == ["gus", "fay", "ivy"]


def test_a_notice_says_what_the_user_must_know(ten):
    assert ten.column("Notices of auto-deleveraging", "what the user was told") == [
        f"closed {lots} SOLUSDT at 88.0; realized +{realized} USDT; {END}"
        for lots, realized in ((40, "400.00"), (35, "595.00"), (10, "130.00"))
    ]
