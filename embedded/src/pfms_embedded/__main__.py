"""The `pfms` command."""

import argparse
import gc
import sys
from pathlib import Path

from pfms_embedded.home import Refused, settings_from_environment
from pfms_embedded.servers import ServersFailed


def main() -> None:
    """Runs one of the commands; what cannot help itself ends with one clear line."""
    parser = argparse.ArgumentParser(prog="pfms", description="PFMS on one machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser(
        "run", help="start everything: PFMS_HOME (.pfms), PFMS_PORT (8080), PFMS_HOST (127.0.0.1)"
    )
    demo = commands.add_parser("demo", help="fill a running PFMS with a household to look at")
    demo.add_argument("--url", help="where it runs; by default the port of PFMS_PORT")
    bring = commands.add_parser(
        "import",
        help="import a bank's file into a running PFMS",
        description="Imports a bank's file into a running PFMS: shows what it would bring, asks what it leaves open,"
        " writes it. Signs in by PFMS_TOKEN, or by PFMS_EMAIL and PFMS_PASSWORD, which are asked for.",
        epilog="Exit codes: 0 imported, or nothing was new; 1 refused, failed or declined; 3 something is open and"
        " nobody is there to answer; 4 imported, but rows with errors or conflicts were left out; 130 interrupted.",
    )
    bring.add_argument("file", type=Path, help="as the bank gave it; what it is, its content tells")
    bring.add_argument("--account", required=True, help="where its rows go: a name or an id")
    bring.add_argument("--book", help="a name or an id; by default your own")
    bring.add_argument("--url", help="where PFMS runs; by default the port of PFMS_PORT")
    bring.add_argument("--yes", "-y", action="store_true", help="ask nothing; what is open is refused")
    bring.add_argument(
        "--answer",
        action="append",
        default=[],
        type=_answer,
        metavar="FIELD=OPTION",
        help="settles a question, such as date_order=dmy",
    )
    commands.add_parser("contracts", help="write contracts/ from the code")
    commands.add_parser("<service>", help="one of its own commands, such as: ledger check")
    asked = sys.argv[1:2]
    try:
        if asked and asked[0].isalpha() and asked[0] not in commands.choices:
            from pfms_embedded.operate import operate  # noqa: PLC0415  # only what a command needs is loaded

            operate(asked[0], sys.argv[2:])
            return
        options = parser.parse_args()
        if options.command == "run":
            _run()
        elif options.command == "demo":
            from pfms_embedded.demo import demo as fill  # noqa: PLC0415  # only what a command needs is loaded

            fill(options.url)
        elif options.command == "import":
            sys.exit(_import(options))
        else:
            from pfms_embedded.contracts import write  # noqa: PLC0415  # as above

            write()
    except (Refused, ServersFailed) as error:
        raise SystemExit(f"pfms: {error}") from error


def _answer(text: str) -> tuple[str, str]:
    name, mark, value = text.rpartition("=") if text.startswith("account_map.") else text.partition("=")
    if not name or not mark:
        raise argparse.ArgumentTypeError(f"{text!r} is not FIELD=OPTION")
    return name, value


def _import(options: argparse.Namespace) -> int:
    from pfms_embedded.bring import Wanted, bring  # noqa: PLC0415  # only what a command needs is loaded
    from pfms_embedded.terminal import terminal  # noqa: PLC0415

    _, port, host = settings_from_environment()
    wanted = Wanted(options.file, options.account, options.book, options.yes, dict(options.answer))
    return bring(wanted, options.url or f"http://{host}:{port}", terminal())


def _run() -> None:
    gc.disable()  # what is loaded now is no garbage, and looking for some a fifth of the start; `run` enables it
    from pfms_common import logs, tracing  # noqa: PLC0415  # only what a command needs is loaded
    from pfms_embedded.run import run  # noqa: PLC0415
    from pfms_service.loop import run as run_to_end  # noqa: PLC0415

    home, port, host = settings_from_environment()
    logs.configure("pfms", "WARNING")
    tracing.start()
    run_to_end(run(home, port, host))
    tracing.stop()


if __name__ == "__main__":
    main()
