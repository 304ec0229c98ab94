"""A driven clock that the service does not let us move."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from wattproof.refusals import RefusalError
from wattproof.simulator.rest import Rest
from wattproof.simulator.timekeeper import DrivenTime


@pytest.mark.parametrize("status", [401, 403])
def test_who_may_not_move_the_clock_is_told_which_key_may(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    async def refuse(_rest: Rest, _path: str, _body: object) -> tuple[int, Any]:
        return status, {"detail": "the key has no scope clock"}

    monkeypatch.setattr(Rest, "put", refuse)
    driven = DrivenTime(Rest("http://127.0.0.1:1"))
    with pytest.raises(RefusalError, match="the key has no scope clock") as refused:
        asyncio.run(driven.reach(datetime(2026, 10, 1, tzinfo=UTC)))
    assert "--scope clock" in refused.value.advice
