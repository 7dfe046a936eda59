"""How long to wait before another try."""

import random


def back_off(failures: int, first: float = 0.5, longest: float = 30.0) -> float:
    """Seconds to wait after `failures` failures in a row: exponential with full jitter (Brooker 2015, AWS)."""
    return random.uniform(0, min(first * 2.0 ** min(failures, 16), longest))  # noqa: S311 - spreads load, no secret
