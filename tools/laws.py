"""Laws of this house that no other tool knows. `python -m tools.laws` tries all of them on the checkout.

`# law floats: a likeness, no money` excuses the line it stands on or the one below; at the left edge between a
module's docstring and its imports, the whole file.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import texts

ROOT = Path(__file__).parents[1]
# A table that SQL text reads or writes; a function in its place has its own look at who asks.
_TABLE = re.compile(r"\b(?:FROM|JOIN|UPDATE|INTO)\s+(?!unnest\b|SET\b)[a-z_]+\b(?!\s*\()")
_STATEMENT = re.compile(r"\b(SELECT|UPDATE|DELETE|INSERT)\b")
_SCOPED = re.compile(r"\b(book|user|stream)_ids?\b")
_SESSIONS = {"session", "tx"}
_NOW = {"now", "utcnow", "today"}


@dataclass(frozen=True, slots=True)
class Finding:
    path: str
    line: int
    law: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.law}"


@dataclass(frozen=True, slots=True)
class Law:
    """`rooms`: globs of the files it holds in; `find`: the places where a module breaks it."""

    name: str
    says: str
    rooms: tuple[str, ...]
    find: Callable[[ast.Module], Iterator[ast.AST]]


def floats(module: ast.Module) -> Iterator[ast.AST]:
    """A float literal, the name float, or `/`, which makes one of two integers."""
    for node in ast.walk(module):
        literal = isinstance(node, ast.Constant) and isinstance(node.value, float | complex)
        named = isinstance(node, ast.Name) and node.id == "float"
        divided = isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
        if literal or named or divided:
            yield node


def float_conversions(module: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float":
            yield node


def commits(module: ast.Module) -> Iterator[ast.AST]:
    """`commit()` of an object; a function of a module may have that name."""
    imported = {
        (name.asname or name.name).partition(".")[0]
        for node in ast.walk(module)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            of = node.func.value
            if not (isinstance(of, ast.Name) and of.id in imported):
                yield node


def unscoped_queries(module: ast.Module) -> Iterator[ast.AST]:
    """SQL text or a `select()` that names neither book, user nor stream; a session's `get` never does.

    A `select()` may get its condition anywhere in its function.
    """
    for statement in module.body:
        names = {node.attr for node in ast.walk(statement) if isinstance(node, ast.Attribute)}
        names |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        scoped = any(_SCOPED.search(name) for name in names)
        parts = {
            id(part)
            for node in ast.walk(statement)
            if isinstance(node, ast.JoinedStr)
            for part in node.values
        }
        for node in ast.walk(statement):
            if id(node) not in parts and _is_sql(node) and not _SCOPED.search(_text(node)):
                yield node
            if isinstance(node, ast.Call) and (_gets(node) or (_is_select(node) and not scoped)):
                yield node


def reads_clock(module: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(module):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _NOW
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in {"datetime", "date", "dt"}
        ):
            yield node


def _is_sql(node: ast.AST) -> bool:
    text = _text(node) if isinstance(node, ast.Constant | ast.JoinedStr) else ""
    return bool(_STATEMENT.search(text) and _TABLE.search(text))


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else "x" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _is_select(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id == "select"


def _gets(node: ast.Call) -> bool:
    called = node.func
    return (
        isinstance(called, ast.Attribute)
        and called.attr == "get"
        and isinstance(called.value, ast.Name)
        and called.value.id in _SESSIONS
    )


LAWS = (
    Law(
        "floats",
        "no float near money: integer minor units, Decimal for rates, // or allocate() to share out",
        ("services/*/src/*/domain/**/*.py", "libs/common/src/pfms_common/money.py"),
        floats,
    ),
    Law(
        "floats",
        "a bank's figure is read as Decimal or int, never as float",
        ("services/*/src/*/bankfiles/**/*.py",),
        float_conversions,
    ),
    Law(
        "commits",
        "nobody commits: Tx commits a request, `async with connection.transaction()` a worker's list",
        ("services/*/src/**/*.py", "gateway/src/**/*.py"),
        commits,
    ),
    Law(
        "scope",
        "every query names its book, user or stream",
        ("services/*/src/*/queries/**/*.py", "services/*/src/*/queries.py"),
        unscoped_queries,
    ),
    Law("clock", "the clock is handed in, not read", ("services/*/src/**/*.py",), reads_clock),
)


def findings(root: Path = ROOT, laws: Sequence[Law] = LAWS) -> list[Finding]:
    """Where the files under `root` break a law."""
    found = []
    for law in laws:
        for path in sorted({path for room in law.rooms for path in root.glob(room)}):
            found += broken(law, path.read_text("utf-8"), str(path.relative_to(root)))
    return found


def broken(law: Law, source: str, path: str = "<source>") -> list[Finding]:
    module, lines = ast.parse(source), source.splitlines()
    excuse = f"# law {law.name}: "
    if any(line.startswith(excuse) for line in _below_docstring(module, lines)):
        return []
    places = {getattr(node, "lineno", 1) for node in law.find(module)}
    return [Finding(path, line, law.says) for line in sorted(places) if not _is_excused(lines, line, excuse)]


def _is_excused(lines: Sequence[str], line: int, excuse: str) -> bool:
    above = lines[line - 2].strip() if line > 1 else ""
    return excuse in lines[line - 1] or above.startswith(excuse)


def _below_docstring(module: ast.Module, lines: Sequence[str]) -> Sequence[str]:
    """The lines between a module's docstring and its first statement."""
    if ast.get_docstring(module) is None:
        return []
    return lines[module.body[0].end_lineno : module.body[1].lineno if len(module.body) > 1 else None]


def main() -> None:
    found = [*map(str, findings()), *texts.findings(ROOT)]
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
