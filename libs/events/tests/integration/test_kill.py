"""kill -9 between every two steps, on both transports: nothing lost, nothing doubled."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

import pytest

from pfms_common.ids import new_id
from pfms_events.testing.process import child
from pfms_events.testing.projection import amounts, letters
from pfms_events.testing.world import World, letters_sent, mark, total, transaction, until

type Lanes = Callable[..., AbstractAsyncContextManager[Any]]

FAILPOINTS = ["after_commit_before_publish", "after_publish_before_mark", "after_apply_before_ack"]


@pytest.mark.parametrize("failpoint", FAILPOINTS)
async def test_a_process_killed_here_again_and_again_has_done_everything_once(
    world: World, lanes: Lanes, book: UUID, name: str, addresses: dict[str, str], failpoint: str
) -> None:
    """Each life repeats what the one before it did not write down; that shows nowhere."""
    both = amounts(f"{name}.a"), letters(f"{name}.l")
    known = new_id()
    lives = [
        [transaction(-1, id=known), transaction(-2)],
        [transaction(-4, id=known, version=2), transaction(-8)],
    ]
    async with lanes(*both) as lane:
        settings = {
            "addresses": addresses,
            **lane.settings,
            "name": both[0].name,
            "letters": both[1].name,
            "heal": False,
        }
        for changes in lives:
            await world.write(book, *changes)
            async with child(settings, failpoint=failpoint) as doomed:
                assert await doomed.wait() == 137
        async with child(settings):
            await until(4, mark, world.consumer_app, both[0].name, book)
            await until(3, letters_sent, world.consumer_app, both[1].name, book)
            await world.write(book, transaction(-16))
            await until(4, letters_sent, world.consumer_app, both[1].name, book)
            await until(5, mark, world.consumer_app, both[0].name, book)

    assert await total(world.consumer_app, both[0].name, book) == -30
