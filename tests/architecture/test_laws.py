"""The laws hold in the whole checkout, and each of them can fail."""

import subprocess

import pytest

from tools import texts
from tools.laws import LAWS, broken, findings

BREAKS = [
    ("floats", "price = 0.1"),
    ("floats", "def half(amount: int) -> int:\n    return int(amount / 2)"),
    ("floats", "def read(text: str) -> float: ..."),
    ("floats", "amount = float('1.10')"),
    ("commits", "async def create(session):\n    await session.commit()"),
    ("scope", "async def one(session, wanted):\n    return await session.get(Row, wanted)"),
    ("scope", "def one(wanted):\n    return select(Row).where(Row.id == wanted)"),
    ("scope", "_ONE = 'SELECT id, name FROM pot WHERE id = $1'"),
    ("scope", "def listed(table):\n    return f'SELECT id FROM {table} JOIN pot ON true'"),
    ("scope", "_GONE = 'DELETE FROM pot WHERE id = $1'"),
    ("clock", "from datetime import date\ntoday = date.today()"),
    ("clock", "from datetime import UTC, datetime\nat = datetime.now(UTC)"),
]

KEEPS = [
    ("floats", "share = amount * weight // whole"),
    ("commits", "async def create(connection):\n    async with connection.transaction():\n        pass"),
    (
        "scope",
        "def one(book_id, wanted):\n    return select(Row).where(Row.book_id == book_id, Row.id == wanted)",
    ),
    ("scope", "_ONE = 'SELECT id FROM pot WHERE book_id = $1 AND id = $2'"),
    ("scope", "_JOINED = f'SELECT {COLUMNS} FROM pot p JOIN jar ON jar.book_id = $1 WHERE {MORE}'"),
    ("scope", "_HEAD = 'SELECT sequence FROM stream_head WHERE stream_id = $1'"),
    ("scope", "_MONTHS = 'SELECT key FROM budget_months($1, $2)'"),
    ("clock", "def due(now):\n    return now.date()"),
]


def laws(name):
    return [law for law in LAWS if law.name == name]


def test_the_checkout_keeps_every_law():
    assert [str(finding) for finding in findings()] == []


@pytest.mark.parametrize(("name", "source"), BREAKS)
def test_a_break_is_found(name, source):
    assert any(broken(law, source) for law in laws(name))


@pytest.mark.parametrize(("name", "source"), KEEPS)
def test_what_keeps_the_law_is_left_alone(name, source):
    assert [broken(law, source) for law in laws(name)] == [[] for _ in laws(name)]


def test_every_law_is_broken_above():
    assert {name for name, _ in BREAKS} == {law.name for law in LAWS}


def test_a_law_is_found_where_it_holds_and_not_elsewhere(tmp_path):
    for room in ("domain", "api"):
        (tmp_path / f"services/x/src/pfms_x/{room}").mkdir(parents=True)
        (tmp_path / f"services/x/src/pfms_x/{room}/split.py").write_text("half = 0.5\n")

    assert [finding.path for finding in findings(tmp_path)] == ["services/x/src/pfms_x/domain/split.py"]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("a = 0.5  # law floats: a likeness\nb = 0.5", [2]),
        ("# law floats: a likeness\na = 0.5\nb = 0.5", [3]),
        ('"""Likeness."""\n\n# law floats: all of it\nimport math\n\na = 0.5', []),
        ("a = 0.5  # law commits: another law", [1]),
    ],
)
def test_an_excuse_reaches_its_line_the_next_or_from_the_top_the_file(source, lines):
    assert [finding.line for finding in broken(laws("floats")[0], source)] == lines


class TestTexts:
    def test_the_checkout_keeps_the_rules_for_texts(self, root):
        assert texts.findings(root) == []

    @pytest.mark.parametrize(
        ("path", "line"),
        [
            ("docs/x.md", "see " + "/home/" + "anna/pfms"),
            ("Makefile", "cd /" + "root/pfms"),
            ("docs/x.md", "from https://" + "pypi" + ".org/simple"),
            ("web/.npmrc", "registry=https://registry." + "npmjs" + ".org/"),
            ("bench/x.py", "open('.." + "/shared/data')"),
            ("requirements.lock", "-e file:///tmp/x"),
            ("requirements-web.lock", "x @ https" + "://x/y.whl"),
            ("web/package-lock.json", '"resolved": "x"'),
        ],
    )
    def test_a_forbidden_text_is_found(self, path, line):
        assert [number for number, _ in texts.in_text(path, f"fine\n{line}\n")] == [2]

    @pytest.mark.parametrize(
        ("path", "line"),
        [
            (".ci/run", "export PFMS_SAMPLES=.." + "/shared"),
            ("docs/x.md", "http://127.0.0.1:8080/work and ~/.pyenv"),
            ("requirements.lock", "httpx2==2.16.0 \\"),
            ("requirements.lock", "    --hash=sha256:00ff"),
        ],
    )
    def test_an_ordinary_text_is_left_alone(self, path, line):
        assert list(texts.in_text(path, line)) == []

    def test_files_that_git_does_not_know_yet_are_read_and_ignored_ones_are_not(self, tmp_path):
        subprocess.run(["git", "init", "-q", tmp_path], check=True)
        (tmp_path / ".gitignore").write_text("kept-out\n")
        for name in ("new.md", "kept-out"):
            (tmp_path / name).write_text("cd /" + "home/anna\n")

        assert [found.split(":")[0] for found in texts.findings(tmp_path)] == ["new.md"]


class TestWhereIs:
    @pytest.fixture
    def package(self, tmp_path):
        package = tmp_path / "services/pots"
        (package / "src/pfms_pots/domain").mkdir(parents=True)
        (package / "src/pfms_pots/domain/pot.py").touch()
        return package

    def readme(self, package, *files):
        rows = "".join(f"| what {n} | {file} |\n" for n, file in enumerate(files))
        (package / "README.md").write_text(
            f"# Pots\n\n## Where is … → file\n\n| what | file |\n|---|---|\n{rows}"
        )
        return list(texts.in_readme(package))

    def test_paths_may_begin_at_the_package_or_in_its_source(self, package):
        assert self.readme(package, "`domain/pot.py`", "`src/pfms_pots/domain/`", "`domain/<what>.py`") == []

    def test_a_path_that_leads_nowhere_is_found(self, package):
        assert self.readme(package, "`domain/pot.py`, `domain/jar.py`") == [
            '"Where is": there is no domain/jar.py'
        ]

    def test_a_row_without_a_path_is_found(self, package):
        assert self.readme(package, "somewhere") == ["\"Where is\" names no file in 'somewhere'"]

    def test_more_rows_than_a_person_reads_are_found(self, package):
        assert self.readme(package, *["`domain/pot.py`"] * 26) == [
            '"Where is" has 26 rows; a person reads 25'
        ]

    def test_a_service_without_a_table_is_found(self, package):
        assert list(texts.in_readme(package)) == ['has no README.md with a table "Where is … → file"']
