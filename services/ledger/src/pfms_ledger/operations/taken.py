"""Making a thing under an id that the client chose."""

from collections.abc import Iterator
from contextlib import contextmanager

from pfms_common.problem import Conflict, Stale


@contextmanager
def id_is_free(what: str) -> Iterator[None]:
    """Around the append of a first version, whose refusal as stale means that there is `what` with this id.

    Args:
        what: the thing with its article, such as "a pot".
    """
    try:
        yield
    except Stale as error:
        raise Conflict(f"There is {what} with this id already.", errors={"id": ["is taken"]}) from error
