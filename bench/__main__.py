"""`python -m bench [s1 s2 …] [--quick]`: runs scenarios one after another and prints one table."""

import argparse
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping

from bench import (
    s1_gateway,
    s2_post,
    s3_import,
    s4_events,
    s5_reads,
    s6_history,
    s7_rebuild,
    s8_start,
    s9_past,
    s10_hledger,
    s11_live,
)
from bench.report import Row, machine, table
from bench.world import World, open_world
from pfms_service.loop import run

type Scenario = Callable[[World], Awaitable[list[Row]]]

SCENARIOS: Mapping[str, Scenario] = {
    "s1": s1_gateway.run,
    "s2": s2_post.run,
    "s3": s3_import.run,
    "s4": s4_events.run,
    "s5": s5_reads.run,
    "s6": s6_history.run,
    "s7": s7_rebuild.run,
    "s8": s8_start.run,
    "s9": s9_past.run,
    "s10": s10_hledger.run,
    "s11": s11_live.run,
}
TOOLS = ("nginx", "wrk", "pgbench", "hledger")


async def main(names: list[str], *, quick: bool) -> None:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        print(f"not here: {', '.join(missing)}; the rest is run\n", flush=True)
    print(machine(), flush=True)
    rows: list[Row] = []
    async with open_world(quick=quick) as world:
        for name in names:
            began = time.perf_counter()
            found = await SCENARIOS[name](world)
            rows += found
            print(f"\n{name} ({time.perf_counter() - began:.0f} s)\n{table(found)}", flush=True)
    print(f"\n{machine()}\n{table(rows)}")


def choose() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "scenarios", nargs="*", choices=[[], *SCENARIOS], metavar="scenario", help=", ".join(SCENARIOS)
    )
    parser.add_argument(
        "--quick", action="store_true", help="one short round of everything: does it run at all?"
    )
    return parser.parse_args()


if __name__ == "__main__":
    options = choose()
    run(main(options.scenarios or list(SCENARIOS), quick=options.quick))
