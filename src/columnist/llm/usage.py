"""What LLM calls cost."""

from decimal import Decimal

from columnist.settings import Settings

_MILLION = Decimal(1_000_000)


def price(prompt_tokens: int, cached_tokens: int, completion_tokens: int, settings: Settings) -> Decimal:
    """US dollars for these tokens at the settings' prices; `cached_tokens` are part of `prompt_tokens`."""
    return (
        (prompt_tokens - cached_tokens) * Decimal(str(settings.price_prompt))
        + cached_tokens * Decimal(str(settings.price_cached))
        + completion_tokens * Decimal(str(settings.price_completion))
    ) / _MILLION
