"""`make adr T="Ids are made in Python"`: a new page in docs/adr for a decision."""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs/adr"
PAGE = """# {number:04} {title}

Status: accepted · Area: … · Date: {date}

## Context

What was to be decided, and what made it hard.

## Decision

## Alternatives

## Enforced by

The test, contract or lint that turns red when this no longer holds.
"""


def main() -> None:
    title = sys.argv[1].strip()
    path = next_page(FOLDER, title)
    path.parent.mkdir(parents=True, exist_ok=True)
    number = int(path.name[:4])
    path.write_text(PAGE.format(number=number, title=title, date=datetime.now(UTC).date()), "utf-8")
    print(f"wrote {path.relative_to(FOLDER.parents[1])}")


def next_page(folder: Path, title: str) -> Path:
    """The page after the last, named by number and title."""
    numbers = [int(page.name[:4]) for page in folder.glob("[0-9][0-9][0-9][0-9]-*.md")]
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return folder / f"{max(numbers, default=0) + 1:04}-{slug}.md"


if __name__ == "__main__":
    main()
