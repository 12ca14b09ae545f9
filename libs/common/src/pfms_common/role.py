"""What somebody may do in a book: look, change, or also decide who else may."""

from collections.abc import Mapping
from typing import Literal

Role = Literal["viewer", "editor", "owner"]
RANK: Mapping[str, int] = {"viewer": 1, "editor": 2, "owner": 3}
