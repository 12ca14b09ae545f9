"""A consistency token names numbers that an event can have, and nothing else."""

import base64
from uuid import UUID

import pytest

from pfms_common import consistency
from pfms_common.problem import Invalid

BOOK = UUID("019a5c1e-7d3f-7a11-8c44-5b8e0f6a2d10")


def token(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_of_several_tokens_the_highest_number_counts():
    header = ", ".join(consistency.write("ledger", BOOK, number) for number in (3, 2**63 - 1, 5))

    assert consistency.read(header) == {("ledger", BOOK): 2**63 - 1}


@pytest.mark.parametrize(
    "garbage",
    [
        "nonsense",
        "\xff",
        token("ledger"),
        token("ledger no-book 1"),
        token("ledger 00000000-0000-0000-0000-000000000000 1"),
        token(f"ledger {BOOK} {2**63}"),
        token(f"ledger {BOOK} -1"),
        token(f"ledger {BOOK} 1_000"),
        token(f"ledger {BOOK} {'9' * 5000}"),
    ],
)
def test_what_no_service_wrote_is_refused(garbage):
    with pytest.raises(Invalid):
        consistency.read(garbage)
