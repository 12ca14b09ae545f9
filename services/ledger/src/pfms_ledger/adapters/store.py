"""Where attached files are kept: one interface, a folder or an object storage that speaks S3."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

SLICE = 256 * 1024


class Store(Protocol):
    """Files by key. A key is `<book>/<sha-256>`, so the same content of a book is kept once, and never shared
    between books.
    """

    async def put(self, key: str, file: BinaryIO, size: int, sha256: str) -> None:
        """Keeps a file; it is there for good when this returns. Keeping it again changes nothing."""

    async def open(self, key: str) -> AsyncIterator[bytes]:
        """Its bytes in slices. Raises FileNotFoundError before the first."""

    async def remove(self, key: str) -> None:
        """Removes it; one that is not there is removed."""


@dataclass(frozen=True, slots=True)
class FolderStore:
    """A folder of this machine, which every process of the service must see."""

    root: Path

    async def put(self, key: str, file: BinaryIO, size: int, sha256: str) -> None:  # noqa: ARG002  # S3 asks for them
        await asyncio.to_thread(self._put, key, file)

    def _put(self, key: str, file: BinaryIO) -> None:
        path = self.root / key
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Beside its place and then renamed, so that half a file is never found there.
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix="draft-")
        try:
            with os.fdopen(descriptor, "wb") as out:
                file.seek(0)
                while data := file.read(SLICE):
                    out.write(data)
                out.flush()
                os.fsync(out.fileno())
            Path(draft).replace(path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(draft).unlink()
            raise

    async def open(self, key: str) -> AsyncIterator[bytes]:
        file = await asyncio.to_thread((self.root / key).open, "rb")
        return _slices(file)

    async def remove(self, key: str) -> None:
        await asyncio.to_thread((self.root / key).unlink, missing_ok=True)


async def _slices(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while data := await asyncio.to_thread(file.read, SLICE):
            yield data
