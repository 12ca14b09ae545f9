"""`python -m pfms_gateway serve` runs the gateway; `openapi` merges the services' documents."""

import argparse
import gc
import sys
from pathlib import Path

import orjson
import uvicorn
from redis.asyncio import Redis

from pfms_common import logs, tracing
from pfms_events.transport.rabbit import RabbitTransport
from pfms_gateway.app import GatewaySettings, build_gateway, server_config
from pfms_gateway.openapi import merge
from pfms_gateway.upstream import HttpUpstream


def serve() -> None:
    settings = GatewaySettings()
    if "auth" not in settings.upstreams:
        sys.exit('set GATEWAY_UPSTREAMS, such as {"auth": "http://127.0.0.1:3001", "ledger": …}')
    logs.configure("gateway", settings.log_level)
    tracing.start()
    redis_url = settings.redis_url.get_secret_value()
    upstreams = {name: HttpUpstream(address) for name, address in settings.upstreams.items()}
    broker_url = settings.broker_url.get_secret_value()
    gateway = build_gateway(
        settings,
        upstreams,
        Redis.from_url(redis_url) if redis_url else None,
        broker=RabbitTransport(broker_url) if broker_url else None,
    )
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    uvicorn.Server(server_config(gateway, host=settings.host, port=settings.port)).run()
    tracing.stop()


def write_openapi(folder: Path, outputs: list[Path]) -> None:
    """Merges every `<service>.json` of `folder` into each of `outputs`."""
    documents = {path.stem: orjson.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))}
    merged = orjson.dumps(merge(documents), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    for output in outputs:
        output.write_bytes(merged)


def main() -> None:
    parser = argparse.ArgumentParser(prog="pfms_gateway", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="run the gateway; settings are GATEWAY_… variables")
    merging = commands.add_parser("openapi", help="merge the services' documents into one")
    merging.add_argument("folder", type=Path, help="holds <service>.json")
    merging.add_argument("outputs", type=Path, nargs="+", help="files to write")
    arguments = parser.parse_args()
    if arguments.command == "serve":
        serve()
    else:
        write_openapi(arguments.folder, arguments.outputs)


if __name__ == "__main__":
    main()
