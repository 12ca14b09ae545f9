"""Answers that are kept come again; a store that is away costs nothing but time."""

import pytest
from redis.exceptions import ConnectionError as RedisAway

from pfms_budget.adapters import kept_answers


class Store:
    """Of Redis what the answers need."""

    def __init__(self, *, is_away=False):
        self.kept, self.seconds, self.is_away = {}, {}, is_away

    async def get(self, key):
        self.answer_or_fail()
        return self.kept.get(key)

    async def set(self, key, text, ex):
        self.answer_or_fail()
        self.kept[key], self.seconds[key] = text.encode(), ex

    def answer_or_fail(self):
        if self.is_away:
            raise RedisAway("away")


async def test_what_was_kept_is_read_for_five_minutes():
    store = Store()

    assert await kept_answers.read(store, "a") is None
    await kept_answers.keep(store, "a", '{"é":1}')

    assert await kept_answers.read(store, "a") == '{"é":1}'
    assert store.seconds == {"a": 300}


@pytest.mark.parametrize("store", [None, Store(is_away=True)])
async def test_without_a_store_nothing_is_kept_and_nothing_fails(store):
    await kept_answers.keep(store, "a", "{}")

    assert await kept_answers.read(store, "a") is None
