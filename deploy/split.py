"""Runs PFMS as separate processes on servers that are already there (`make run-split`).

The PFMS_… variables below name servers and ports; keys and mails are kept in PFMS_HOME (.pfms).
A service runs twice: its API, and 100 ports above what works beside it (relay, consumers, jobs) with its feed.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time

import httpx2 as httpx

from pfms_embedded.addresses import database_urls
from pfms_embedded.home import default_home
from pfms_embedded.keys import Keys, open_keys
from pfms_embedded.processes import guarded

ADMIN_URL = os.environ.get("PFMS_PG_ADMIN_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
BROKER_URL = os.environ.get("PFMS_BROKER_URL", "amqp://guest:guest@127.0.0.1:5672/")
REDIS_URL = os.environ.get("PFMS_REDIS_URL", "redis://127.0.0.1:6379/0")
PORT = os.environ.get("PFMS_PORT", "8080")
GATEWAY = f"http://127.0.0.1:{PORT}"
FIRST = int(os.environ.get("PFMS_SERVICES_PORT", "3000"))
SERVICES = {"auth": FIRST + 1, "ledger": FIRST + 3, "budget": FIRST + 14}
APIS = {name: f"http://127.0.0.1:{port}" for name, port in SERVICES.items()}
FEEDS = {name: f"http://127.0.0.1:{port + 100}" for name, port in SERVICES.items()}
ROLES = {"api": 0, "relay,consumers,jobs": 100}
PROGRAMS = {  # address → what serves it, in the order of their start
    f"http://127.0.0.1:{port + above}": f"pfms_{name} serve --roles {roles} --port {port + above}"
    for roles, above in ROLES.items()
    for name, port in SERVICES.items()
} | {GATEWAY: "pfms_gateway serve"}
READY_SECONDS, STOP_SECONDS, LONGEST_PAUSE = 120, 25, 30


def settings(keys: Keys) -> dict[str, str]:
    """The variables of all processes; bytecode is kept, else every start pays for compiling."""
    auth = {"AUTH_KEYS_DIR": str(keys.auth), "AUTH_MAILBOX_DIR": str(keys.folder.with_name("mailbox"))}
    gateway = {
        "GATEWAY_PORT": PORT,
        "GATEWAY_UPSTREAMS": json.dumps(APIS),
        "GATEWAY_REDIS_URL": REDIS_URL,
        "GATEWAY_BROKER_URL": BROKER_URL,
    }
    variables = {"AUTH_PUBLIC_URL": GATEWAY, **os.environ, **auth, **gateway, "PYTHONDONTWRITEBYTECODE": ""}
    variables.setdefault("LEDGER_ATTACHMENTS", str(keys.folder.with_name("attachments")))
    for name in SERVICES:
        service = {
            **database_urls(ADMIN_URL, name, keys.password_for),
            "broker_url": BROKER_URL,
            "redis_url": REDIS_URL,
            "peers": json.dumps(APIS),
            "feeds": json.dumps(FEEDS),
            "service_key_file": str(keys.service_key_file(name)),
            "service_public_keys": json.dumps(keys.public_keys(SERVICES)),
            "cursor_secret": keys.secret(f"{name}-cursor"),
        }
        variables |= {f"{name}_{setting}".upper(): value for setting, value in service.items()}
    return variables


async def run(command: list[str], environment: dict[str, str]) -> int:
    """Runs a module in a process group of its own, which a cancellation or our death ends."""
    words = guarded([sys.executable, "-m", *command], signal.SIGTERM)
    process = await asyncio.create_subprocess_exec(*words, env=environment, start_new_session=True)
    try:
        return await process.wait()
    finally:
        for wish in (signal.SIGTERM, signal.SIGKILL):
            if process.returncode is None:
                os.killpg(process.pid, wish)
                await asyncio.wait([asyncio.create_task(process.wait())], timeout=STOP_SECONDS)


async def prepare(name: str, environment: dict[str, str]) -> bool:
    for words in (["provision", "--admin-url", ADMIN_URL], ["migrate"], ["events", "declare"]):
        if await run([f"pfms_{name}", *words], environment) != 0:
            print(f"python -m pfms_{name} {words[0]} failed; what it said stands above", flush=True)
            return False
    return True


async def keep_running(command: str, environment: dict[str, str]) -> None:
    pause = 1
    while True:
        began = time.monotonic()
        code = await run(command.split(), environment)
        pause = 1 if time.monotonic() - began > 2 * LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
        print(f"{command} ended ({code}); started again in {pause} s", flush=True)
        await asyncio.sleep(pause)


async def ready(address: str) -> None:
    async with httpx.AsyncClient(base_url=address, timeout=2) as client:
        for _ in range(READY_SECONDS * 10):
            await asyncio.sleep(0.1)
            with contextlib.suppress(httpx.TransportError):
                if (await client.get("/readyz")).is_success:
                    return
    raise SystemExit(f"{address}/readyz was not ready in {READY_SECONDS} s; what it said stands above")


async def main() -> None:
    environment = settings(open_keys(default_home()))
    if not all(await asyncio.gather(*(prepare(name, environment) for name in SERVICES))):
        raise SystemExit(1)
    running = [asyncio.create_task(keep_running(words, environment)) for words in PROGRAMS.values()]
    try:
        for address in PROGRAMS:
            await ready(address)
        print(f"PFMS is ready at {GATEWAY}", flush=True)
        await asyncio.wait(running)
    finally:
        for task in reversed(running):
            task.cancel()
            await asyncio.wait([task])


signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what it starts with &
signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
with contextlib.suppress(KeyboardInterrupt):
    asyncio.run(main())
