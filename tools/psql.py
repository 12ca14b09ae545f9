"""`make psql S=ledger`: a prompt on a service's database in the embedded run, as its administrator."""

import os
import sys

from pfms_embedded.binaries import postgres_programs
from pfms_embedded.home import default_home, open_home
from pfms_embedded.postgres import PORT, Postgres


def main() -> None:
    service, folder = sys.argv[1], default_home()
    if not (folder / "postgres").exists():
        sys.exit(f"{folder} holds no data: `make run` makes it, PFMS_HOME names another folder")
    home = open_home(folder)
    if not (home.sockets / f".s.PGSQL.{PORT}").exists():
        sys.exit(f"nothing runs on {folder}: start it with `make run`")
    address = Postgres(home).admin_url.replace("/postgres?", f"/pfms_{service}?")
    program = postgres_programs(home).folder / "psql"
    os.execv(program, ["psql", address, *sys.argv[2:]])  # noqa: S606  # this process becomes psql


if __name__ == "__main__":
    main()
