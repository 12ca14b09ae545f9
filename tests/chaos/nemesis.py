"""What befalls the product: each fault strikes, lasts a while, and is healed by hand."""

import asyncio
import shutil
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from tests.chaos.supervisor import SERVICES, Product

type Step = Callable[[Product], Awaitable[None]]
# The session of a stopped leader ends after five seconds without a beat; then another may lead.
TAKEOVER_SECONDS = 7.0


class Server(Protocol):
    async def start(self) -> None: ...
    async def kill(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Fault:
    """`victims`: what is struck; `lasts`: seconds at least between strike and heal. `heal` waits for nobody."""

    name: str
    victims: frozenset[str]
    strike: Step
    heal: Step
    lasts: float = 0.0


def killed(name: str) -> Fault:
    """kill -9 of one process."""

    async def strike(product: Product) -> None:
        product.programs[name].kill()

    async def heal(product: Product) -> None:
        product.programs[name].start()

    return Fault(f"{name} killed", frozenset({name}), strike, heal)


def paused(name: str) -> Fault:
    """A process that stands still with all its connections, and goes on as if nothing had been."""

    async def strike(product: Product) -> None:
        product.programs[name].signal(signal.SIGSTOP)

    async def heal(product: Product) -> None:
        product.programs[name].signal(signal.SIGCONT)

    return Fault(f"{name} paused", frozenset({name}), strike, heal)


def together(first: Fault, second: Fault) -> Fault:
    """Both at once."""

    async def strike(product: Product) -> None:
        await first.strike(product)
        await second.strike(product)

    async def heal(product: Product) -> None:
        await first.heal(product)
        await second.heal(product)

    victims = first.victims | second.victims
    return Fault(f"{first.name} with {second.name}", victims, strike, heal, max(first.lasts, second.lasts))


async def _stand_in(product: Product) -> None:
    product.programs["ledger workers"].signal(signal.SIGSTOP)
    product.standby.start()


async def _two_relays(product: Product) -> None:
    product.programs["ledger workers"].signal(signal.SIGCONT)
    await asyncio.sleep(1)
    product.standby.kill()


def server_killed(name: str, server: Callable[[Product], Server]) -> Fault:
    """kill -9 of a server with all its processes."""

    async def strike(product: Product) -> None:
        await server(product).kill()

    async def heal(product: Product) -> None:
        await server(product).start()

    return Fault(f"{name} killed", frozenset({name}), strike, heal)


async def _empty_broker(product: Product) -> None:
    await product.broker.kill()
    shutil.rmtree(product.broker.folder / "data")


async def _declare_again(product: Product) -> None:
    await product.broker.start()
    await product.declare_queues()


BROKER_KILLED = server_killed("RabbitMQ", lambda product: product.broker)
REDIS_KILLED = server_killed("Redis", lambda product: product.cache)
BUDGETS_POSTGRES_KILLED = server_killed("PostgreSQL of budget", lambda product: product.clusters["budget"])
FAULTS = (
    *(killed(f"{service} {role}") for service in SERVICES for role in ("api", "workers")),
    killed("gateway"),
    paused("ledger workers"),
    Fault(
        "ledger workers paused and replaced",
        frozenset({"ledger workers"}),
        _stand_in,
        _two_relays,
        TAKEOVER_SECONDS,
    ),
    BROKER_KILLED,
    Fault("RabbitMQ emptied", frozenset({"RabbitMQ"}), _empty_broker, _declare_again),
    REDIS_KILLED,
    server_killed("PostgreSQL of auth and ledger", lambda product: product.clusters["others"]),
    BUDGETS_POSTGRES_KILLED,
)
