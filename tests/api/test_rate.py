"""The promises of the limit on requests: exact over any minute, for each user alone; nothing is kept of the silent."""

import time
from uuid import uuid4

import pytest

from columnist.api import rate
from columnist.api.rate import RequestRate


def test_no_minute_has_more_requests_of_a_user_and_the_wait_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "MINUTE", 0.05)
    requests, user = RequestRate(3), uuid4()
    made: list[tuple[float, float]] = []
    while len(made) < 12:
        before = time.monotonic()
        if seconds := requests.wait_for(user):
            assert 0 < seconds <= 0.05
        else:
            made.append((before, time.monotonic()))
    assert all(after - before >= 0.05 for (before, _), (_, after) in zip(made, made[3:], strict=False))
    assert requests.wait_for(uuid4()) == 0, "another user's"
    time.sleep(0.06)
    requests.wait_for(uuid4())
    assert len(requests._made) == 1
