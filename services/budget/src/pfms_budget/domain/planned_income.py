"""The parts of a planned income (salary, bonuses, …) add up to its total, where parts are given."""

from collections.abc import Iterable

from pfms_common.problem import Refusal


class PartsDoNotAddUp(Refusal):
    """The parts of the planned income are not its total."""


def planned_total(total: int | None, parts: Iterable[int]) -> int:
    """The planned income in minor units: without a total the sum of the parts; without parts it stands alone."""
    added = sum(parts)
    if total is None:
        return added
    if added not in {0, total}:
        raise PartsDoNotAddUp(
            f"The parts of the planned income add up to {added}, not {total}; change the parts or the total.",
            errors={"planned_income_minor": [f"the parts add up to {added}"]},
        )
    return total
