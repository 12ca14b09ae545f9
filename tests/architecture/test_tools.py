"""The tools that write pages for people write ones that pass."""

from collections.abc import Callable
from typing import Any

import pytest

from tools.adr import next_page

MODEL = '''

class ProbeRow(Base):
    """One probe."""

    __tablename__ = "probe"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
'''


@pytest.mark.timeout(300)
def test_make_migrate_writes_the_migration_that_the_models_ask_for(copy_of_repository: Callable[[], Any]):
    copy = copy_of_repository()
    tables = copy.path / "services/budget/src/pfms_budget/db/tables/plans.py"
    tables.write_text(tables.read_text("utf-8") + MODEL, "utf-8")

    written = copy.run("python", "-m", "tools.migration", "budget", "probes")
    again = copy.run("python", "-m", "tools.migration", "budget", "probes")
    tried = copy.run(
        *("python", "-m", "pytest", "-q", "-k", "budget", "tests/architecture/test_migrations.py"),
        "tests/architecture/test_catalogue.py",
    )

    assert written.returncode == 0, written.stderr
    assert again.returncode == 1
    assert "change a table first" in again.stderr
    assert tried.returncode == 0, tried.stdout


def test_a_page_for_a_decision_is_the_next_and_named_by_its_title(tmp_path):
    assert next_page(tmp_path, "Ids are made in Python").name == "0001-ids-are-made-in-python.md"

    (tmp_path / "0007-records.md").touch()

    assert next_page(tmp_path, "What's a float?").name == "0008-what-s-a-float.md"
