"""`make service NAME=goals`: writes services/goals from templates/service and adds it to every list of services.

The lists are written out, so each is a line that anybody could add by hand; this adds them all.
"""

import argparse
import keyword
import re
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEMPLATE = Path("templates/service")
_NAME = re.compile(r"[a-z]{3,20}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make service", description=__doc__)
    parser.add_argument("name", help="one lower-case word, as in the paths of its API: goals")
    name = parser.parse_args().name
    if problem := unfit(ROOT, name):
        raise SystemExit(f"make service: {problem}")
    for path in [*write(ROOT, name), *enlist(ROOT, name)]:
        print(f"wrote {path}")
    print(f"services/{name}/README.md says what to change first")


def unfit(root: Path, name: str) -> str:
    """Why this can't be the name of a service; empty when it can."""
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        return f"{name!r} must be one word of 3 to 20 lower-case letters, such as goals"
    if (root / "services" / name).exists() or name in {"common", "events", "service", "gateway", "embedded"}:
        return f"there is a {name} already"
    return ""


def write(root: Path, name: str) -> list[str]:
    """The files of the service, by path in the repository."""
    written = []
    for source in sorted(path for path in (root / TEMPLATE).rglob("*") if path.is_file()):
        place = str(source.relative_to(root / TEMPLATE)).removesuffix(".tmpl")
        place = place.replace("0001_package", f"0001_{name}").replace("package", f"pfms_{name}", 1)
        target = root / "services" / name / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_filled(source.read_text("utf-8"), name), "utf-8")
        written.append(str(target.relative_to(root)))
    return written


def _filled(text: str, name: str) -> str:
    words = {"@name@": name, "@Name@": name.capitalize(), "@NAME@": name.upper()}
    return re.sub("@(?:name|Name|NAME)@", lambda match: words[match.group()], text)


def enlist(root: Path, name: str) -> list[str]:
    """Adds the service to the lists in other files; answers which files."""
    upper, package = name.upper(), f"pfms_{name}"
    door = f'"{package}.operations", "{package}.queries", "{package}.app"'
    contract = f"""
[[tool.importlinter.contracts]]
id = "{name}-db"
name = "the tables of {name} are known to operations, queries and app"
type = "protected"
protected_modules = ["{package}.db"]
allowed_importers = [{door}]
"""
    _edit(
        root / "pyproject.toml",
        _after(r"^pfms-budget = .*\n", f"pfms-{name} = {{ workspace = true }}\n"),
        _after(r'^mypy_path = \[.*"services/budget/src",', f' "services/{name}/src",'),
        _after(r'(?s)root_packages = \[.*?\n  "pfms_budget",\n', f'  "{package}",\n'),
        _after(r"^  \"pfms_auth \|.* \| pfms_budget", f" | {package}"),
        _after(r'^protected_modules = \["pfms_auth",.*"pfms_budget",', f' "{package}",'),
        _after(r'(?s)containers = \[.*?\n  "pfms_budget",\n', f'  "{package}",\n'),
        lambda text: text.rstrip("\n") + "\n" + contract,
    )
    _edit(root / "embedded/pyproject.toml", _after(r'^  "pfms-budget",\n', f'  "pfms-{name}",\n'))
    _edit(
        root / "embedded/src/pfms_embedded/services.py",
        _after(r"^from pfms_budget\.app .*\n", f"from {package}.app import SERVICE as {upper}\n"),
        _after(r"^SERVICES: .* = \([A-Z_, ]*[A-Z_]", f", {upper}"),
    )
    _edit(
        root / "gateway/src/pfms_gateway/routes.py",
        _after(r"(?s)^ROUTES = \(\n.*?(?=\)\n\n)", f'    Route("/{name}", "{name}"),\n'),
    )
    _edit(root / "deploy/split.py", lambda text: _with_port(text, name))
    note = f'    note = await owner.post("/{name}/notes", {{"text": CANARY}})\n'
    _edit(
        root / "tests/e2e/calls.py",
        _after(r'^(?=    return \{\n        "account_id")', note),
        _after(r'^    return \{\n(?=        "account_id")', '        "note_id": note["id"],\n'),
    )
    return [
        "pyproject.toml",
        "embedded/pyproject.toml",
        "embedded/src/pfms_embedded/services.py",
        "gateway/src/pfms_gateway/routes.py",
        "deploy/split.py",
        "tests/e2e/calls.py",
    ]


def _with_port(text: str, name: str) -> str:
    """The next port after the highest one."""
    line = re.search(r"^SERVICES = \{(.*)\}$", text, re.MULTILINE)
    ports = re.findall(r": (\w+) \+ (\d+)", line.group(1)) if line else []
    if line is None or not ports:
        raise SystemExit("make service: deploy/split.py has no line SERVICES = {…} any more")
    first, port = ports[0][0], max(int(port) for _, port in ports) + 1
    return text[: line.end(1)] + f', "{name}": {first} + {port}' + text[line.end(1) :]


def _edit(path: Path, *changes: Callable[[str], str]) -> None:
    text = path.read_text("utf-8")
    for change in changes:
        text = change(text)
    path.write_text(text, "utf-8")


def _after(pattern: str, line: str) -> Callable[[str], str]:
    """Puts `line` behind the first match; a list that is not where it was is an error, not a silent nothing."""

    def change(text: str) -> str:
        match = re.search(pattern, text, re.MULTILINE)
        if match is None:
            raise SystemExit(f"make service: nothing matches {pattern} any more; mend tools/service.py")
        return text[: match.end()] + line + text[match.end() :]

    return change


if __name__ == "__main__":
    main()
