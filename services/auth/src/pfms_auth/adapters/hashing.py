"""Password hashes: Argon2id in two threads of their own, with a short queue in front.

A hash takes 28 ms and 19 MiB. Two threads keep the cores busy and the loop free; who would wait for more than a
second is told to come back, since a queue without end would only make everybody's sign-in time out.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from pfms_common.problem import Busy

MEMORY_KIB = 19456
PASSES = 2
LANES = 1
SALT_BYTES = 16
THREADS = 2
QUEUE = 64


class Hasher:
    """Hashes and verifies; `Busy` when the queue is full."""

    def __init__(self, pool: ThreadPoolExecutor, *, queue: int = QUEUE) -> None:
        self._pool = pool
        self._queue = queue
        self._waiting = 0
        self._argon2 = PasswordHash(
            (Argon2Hasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, salt_len=SALT_BYTES),)
        )
        self._nobodys = self._argon2.hash("the password of nobody")

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._argon2.hash(password))

    async def verify(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """Whether the password is right, and a hash to store instead when the parameters rose.

        Without a stored hash a dummy is verified, which takes as long.
        """
        known = stored if stored is not None else self._nobodys
        right, renewed = await self._run(lambda: self._argon2.verify_and_update(password, known))
        return right and stored is not None, renewed

    async def _run[T](self, work: Callable[[], T]) -> T:
        if self._waiting >= self._queue:
            raise Busy("Too many people are signing in just now; try again.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1


@contextmanager
def open_hasher() -> Iterator[Hasher]:
    pool = ThreadPoolExecutor(THREADS, "argon2")
    try:
        yield Hasher(pool)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
