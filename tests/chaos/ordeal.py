"""A run of writes during which faults strike, and the verdict on it."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.chaos.checker import check, quiesce
from tests.chaos.client import OpLog
from tests.chaos.follower import following
from tests.chaos.household import Household, moved_in
from tests.chaos.nemesis import Fault
from tests.chaos.supervisor import Product
from tests.chaos.workload import working

HOUSEHOLDS = 3
PLANS = 4
LONGEST_SILENCE = 15
"""Seconds in which some request must succeed while at most one fault is there."""
LONGEST_REQUEST = 10
"""Seconds that a request may take that began when everything was well again."""


@asynccontextmanager
async def households(
    product: Product, log: OpLog, seed: int, amount: int = HOUSEHOLDS
) -> AsyncIterator[list[Household]]:
    moving = (moved_in(product.url, log, seed * 100 + number) for number in range(amount))
    houses = list(await asyncio.gather(*moving))
    try:
        yield houses
    finally:
        for house in houses:
            for person in (house.person, *house.newcomers):
                await person.close()


@asynccontextmanager
async def struck(product: Product, fault: Fault) -> AsyncIterator[None]:
    """The fault is there while the block runs."""
    await fault.strike(product)
    try:
        yield
    finally:
        await fault.heal(product)
        await product.ready()


async def suffer(product: Product, log: OpLog, seed: int, faults: Sequence[Fault]) -> list[str]:
    """People write while the faults strike one after the other; answers with what was wrong afterwards."""
    chance = random.Random(seed)
    async with households(product, log, seed) as houses, following(houses[0]) as follower:
        for house in houses:
            house.most_plans = PLANS
        began = time.monotonic()
        async with working(houses):
            for fault in faults:
                await asyncio.sleep(chance.uniform(0.5, 1.5))
                async with struck(product, fault):
                    await asyncio.sleep(max(fault.lasts, chance.uniform(0.3, 1.5)))
            healed = time.monotonic()
            await asyncio.sleep(0.5)
        silence = log.longest_silence(began, time.monotonic())
        slowest = log.slowest_since(healed)
        print(_figures(seed, faults, log, silence))  # noqa: T201  # figures of a run
        working_ended = time.monotonic()
        found = await quiesce(product)
        print(f"quiet after {time.monotonic() - working_ended:.1f} s")  # noqa: T201
        if silence > LONGEST_SILENCE and all(len(fault.victims) == 1 for fault in faults):
            found.append(f"nothing succeeded for {silence:.1f} s")
        if slowest > LONGEST_REQUEST:
            found.append(f"with everything well again a request took {slowest:.1f} s")
        found += await check(product, houses, log)
        return found + await follower.missed(houses[0])


def _figures(seed: int, faults: Sequence[Fault], log: OpLog, silence: float) -> str:
    names = ", ".join(fault.name for fault in faults)
    counts = " ".join(f"{amount} {state}" for state, amount in log.counts().items())
    return f"seed {seed}, {names}: {counts}, {len(log.requests)} requests, silent for at most {silence:.1f} s"
