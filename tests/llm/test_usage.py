"""What tokens cost by the settings."""

from decimal import Decimal

import pytest

from columnist.llm.usage import Prices
from columnist.settings import Settings


@pytest.mark.parametrize(("cached", "price"), [(None, "1"), (0.5, "0.5"), (0, "0")])
def test_cached_tokens_cost_what_is_set_or_else_as_much_as_the_others(cached: float | None, price: str) -> None:
    prices = Prices.of(Settings(_env_file=None, price_prompt=1, price_cached=cached))
    assert prices.cached == Decimal(price)
