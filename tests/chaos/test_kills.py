"""kill -9 of any one process or server during a run of writes: nothing acknowledged is lost or doubled."""

from itertools import batched

import pytest

from tests.chaos.client import OpLog
from tests.chaos.nemesis import FAULTS, Fault
from tests.chaos.ordeal import suffer
from tests.chaos.supervisor import DURABLE, Product

pytestmark = [pytest.mark.chaos, pytest.mark.rabbitmq, pytest.mark.timeout(300)]
# Moving in and the verdict take longer than a fault: a few strike the same households, one after another.
TOGETHER = 4
ORDEALS = [
    pytest.param(seed, faults, id=", ".join(fault.name for fault in faults))
    for seed, faults in enumerate(batched(FAULTS, TOGETHER, strict=False), start=1)
]


async def test_the_clusters_keep_what_they_confirm(product: Product) -> None:
    for cluster in product.clusters.values():
        assert await cluster.settings() == DURABLE


@pytest.mark.parametrize(("seed", "faults"), ORDEALS)
async def test_nothing_acknowledged_is_lost_or_doubled(
    product: Product, log: OpLog, seed: int, faults: tuple[Fault, ...]
) -> None:
    assert await suffer(product, log, seed, faults) == []
