"""The house that tests of its calls begin with."""

import pytest

from adlcore.clearing import ClearingHouse
from support import ten_wallets
from support.house_calls import STATE
from support.ten_wallets import DOWN


@pytest.fixture
def house():
    """The ten wallets before the mark."""
    return ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder())


@pytest.fixture
def planned(house):
    """A house with an open plan whose orders are ann's X and Y, mia's X, dan's I and so on, one a wallet."""
    return house, house.plan(**DOWN)
