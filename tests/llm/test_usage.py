"""The prices of tokens in the settings."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from columnist.llm.usage import Prices
from columnist.settings import Settings


@pytest.mark.parametrize(("cached", "price"), [(None, "1"), (0.5, "0.5"), (0, "0")])
def test_cached_tokens_cost_what_is_set_or_else_as_much_as_the_others(cached: float | None, price: str) -> None:
    prices = Prices.of(Settings(_env_file=None, price_prompt=1, price_cached=cached))
    assert prices.cached == Decimal(price)


def test_each_model_that_is_offered_has_its_price_and_no_other_is_offered() -> None:
    settings = Settings(
        _env_file=None, model="usual", price_prompt=2, price_completion=8, COLUMNIST_MODELS="same, a/b:c=1.25/0.125/10"
    )
    assert {*settings.offered} == {"extractive", "usual", "same", "a/b:c"}
    assert Prices.of(settings, "a/b:c") == Prices(Decimal("1.25"), Decimal("0.125"), Decimal("10.0"))
    assert Prices.of(settings, "same") == Prices.of(settings, "usual") == Prices.of(settings)
    for wrong in ("a=1", "a=1/2", "=1/2/3", "a=1/2/-3", "a=1/2/nan"):
        with pytest.raises(ValidationError):
            Settings(_env_file=None, COLUMNIST_MODELS=wrong)
