"""Hours of it, if one likes: `make chaos SECONDS=600 SEED=7`. A seed gives the same faults in the same order."""

import os
import random
import secrets
import time
from itertools import count

import pytest

from tests.chaos.client import OpLog
from tests.chaos.nemesis import FAULTS, Fault, together
from tests.chaos.ordeal import suffer
from tests.chaos.supervisor import Product

SECONDS = int(os.environ.get("PFMS_CHAOS_SECONDS") or 0)
SEED = int(os.environ.get("PFMS_CHAOS_SEED") or secrets.randbelow(10**6))
FAULTS_A_ROUND = 6

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.rabbitmq,
    pytest.mark.timeout(SECONDS + 600),
    pytest.mark.skipif(not SECONDS, reason="takes PFMS_CHAOS_SECONDS seconds, which are not set"),
]


def chosen(chance: random.Random, *, pairs: bool) -> list[Fault]:
    """The faults of a round, one at a time or two."""
    found = chance.sample(FAULTS, FAULTS_A_ROUND)
    if not pairs:
        return found
    both = zip(found[::2], found[1::2], strict=True)
    return [together(one, two) if one.victims.isdisjoint(two.victims) else one for one, two in both]


async def test_one_fault_after_the_other_loses_and_doubles_nothing(product: Product) -> None:
    """Rounds of faults with new people each, until the time is over."""
    ends = time.monotonic() + SECONDS
    for number in count():
        seed = SEED + number
        log = OpLog(product.folder / f"round-{seed}.jsonl")
        faults = chosen(random.Random(seed), pairs=number % 2 == 1)
        found = await suffer(product, log, seed, faults)
        log.close()
        assert found == [], f"PFMS_CHAOS_SEED={seed}"
        await product.check()
        if time.monotonic() > ends:
            return
