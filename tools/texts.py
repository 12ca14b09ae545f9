"""What no committed text may hold, and what a README promises.

No package registry's host name, no path of somebody's machine, no address in a lock: who clones this installs from
where they install everything. A README's table "Where is" leads to files that exist.
"""

import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

MOST_ROWS = 25
CI = ".ci/run"

# Written so that this file does not hold them itself.
_HOSTS = re.compile(r"\b(pypi[.]org|pythonhosted[.]org|npmjs[.](?:org|com)|yarnpkg[.]com|crates[.]io)\b")
_PATHS = re.compile(r"(?<![\w.}*-])/(?:work|root|home|Users)/[\w.-]+|\b[A-Z]:\\Users\\")
_BESIDE = re.compile(r"[.]{2}/shared\b")
_ADDRESS = re.compile(r"://|\"resolved\"")
_ROW = re.compile(r"^\|(?!\s*:?-)(.+)\|\s*$")
_PATH_IN_CELL = re.compile(r"`([^`\s]+)`")


def findings(root: Path) -> list[str]:
    """Where the committed files of a checkout break a rule, in sentences."""
    found: list[str] = []
    for name in committed_files(root):
        try:
            text = (root / name).read_text("utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue  # not a text, or removed and not yet committed
        found += [f"{name}:{line}: {what}" for line, what in in_text(name, text)]
    packages = [manifest.parent for manifest in root.glob("*/*/pyproject.toml")]
    for package in sorted([*packages, *(manifest.parent for manifest in root.glob("*/pyproject.toml"))]):
        found += [f"{package.relative_to(root)}: {what}" for what in in_readme(package)]
    return found


def committed_files(root: Path) -> list[str]:
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=True,
        text=True,
    )
    return sorted(set(filter(None, listed.stdout.split("\0"))))


def in_text(path: str, text: str) -> Iterator[tuple[int, str]]:
    """(line, what is wrong) of one file."""
    rules = [(_HOSTS, "names a package registry"), (_PATHS, "names a path of somebody's machine")]
    if path != CI:
        rules.append((_BESIDE, "names a folder beside the checkout"))
    if Path(path).name.startswith("requirements") or Path(path).name == "package-lock.json":
        rules.append((_ADDRESS, "holds an address; `make lock` writes none"))
    for number, line in enumerate(text.splitlines(), start=1):
        for pattern, what in rules:
            if match := pattern.search(line):
                yield number, f"{what}: {match.group()}"


def in_readme(package: Path) -> Iterator[str]:
    """What is wrong with a package's README and its table "Where is"; every service has both."""
    readme = package / "README.md"
    rows = where_is(readme.read_text("utf-8")) if readme.exists() else []
    if not rows and package.parent.name == "services":
        yield 'has no README.md with a table "Where is … → file"'
    if len(rows) > MOST_ROWS:
        yield f'"Where is" has {len(rows)} rows; a person reads {MOST_ROWS}'
    for row in rows:
        named = _PATH_IN_CELL.findall(row)
        if not named:
            yield f'"Where is" names no file in {row!r}'
        for name in named:
            if not any(_exists(folder, name) for folder in _folders(package)):
                yield f'"Where is": there is no {name}'


def where_is(readme: str) -> list[str]:
    """The second cells of the table under the heading "Where is"."""
    section = re.split(r"^#+ .*where is.*$", readme, maxsplit=1, flags=re.IGNORECASE | re.MULTILINE)
    if len(section) == 1:
        return []
    rows = []
    for line in section[1].splitlines():
        if line.startswith("#"):
            break
        if match := _ROW.match(line):
            rows.append(match.group(1).rpartition("|")[2].strip())
    return rows[1:]  # the first is the table's head


def _folders(package: Path) -> Iterable[Path]:
    return [package, *package.glob("src/*"), *package.parents[:2]]


def _exists(folder: Path, name: str) -> bool:
    pattern = re.sub(r"<[^>]+>", "*", name).strip("/")
    return pattern != "" and any(folder.glob(pattern))
