"""An Office package: a zip of XML parts, of which never more than a bounded piece is in memory.

What a zip says of itself is not believed: its directory is read only if it is small, and what comes out of a part
is counted while it comes.
"""

import posixpath
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO
from xml.parsers import expat  # `parse` refuses what makes it dangerous, document types

from pfms_ledger.bankfiles.statement import UnreadableFile

MOST_PARTS = 1_000
MOST_BYTES = 100 * 1024 * 1024
MOST_RATIO = 100
_FREE_BYTES = 1024 * 1024
_SLICE = 64 * 1024
# The directory of a thousand parts with long names fits well; a larger one would cost memory before it is looked at.
_MOST_AT_ONCE = 512 * 1024
_MOST_UNREAD = 1024 * 1024
_PACKED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1

type Attributes = dict[str, str]


def _too_large() -> UnreadableFile:
    return UnreadableFile(
        "too_large", f"Unpacked, the workbook has more than {MOST_BYTES // 1024 // 1024} MiB; save it as CSV."
    )


def encrypted() -> UnreadableFile:
    return UnreadableFile("encrypted", "The file is protected with a password; save it without one.")


@contextmanager
def damage_named() -> Iterator[None]:
    """Whatever a damaged package makes the readers of zips and XML say becomes one refusal."""
    try:
        yield
    except (
        zipfile.BadZipFile, zlib.error, expat.ExpatError, struct.error, EOFError, OSError, ValueError, OverflowError,
        NotImplementedError, RuntimeError, LookupError,
    ) as error:  # fmt: skip
        raise UnreadableFile("broken", "The workbook is damaged; save it anew or export CSV.") from error


class _Bounded:
    """A file for zipfile, which would read a directory of any size at once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(_MOST_AT_ONCE + 1 if size < 0 else min(size, _MOST_AT_ONCE + 1))
        if len(data) > _MOST_AT_ONCE:
            raise UnreadableFile(
                "broken", f"The archive holds more than {MOST_PARTS} parts; no workbook does."
            )
        return data


class Package:
    """The parts of an Office file, by their names in lower case.

    UnreadableFile where it has too many of them, unpacks to too much, or holds what no Office program writes.
    """

    def __init__(self, file: BinaryIO) -> None:
        with damage_named():
            self._zip = zipfile.ZipFile(_Bounded(file))
            parts = self._zip.infolist()
        if len(parts) > MOST_PARTS:
            raise UnreadableFile(
                "broken", f"The archive holds more than {MOST_PARTS} parts; no workbook does."
            )
        if any(part.flag_bits & _ENCRYPTED for part in parts):
            raise encrypted()
        if sum(part.file_size for part in parts) > MOST_BYTES:
            raise _too_large()
        self._parts = {_normal(part.filename): part for part in parts}

    def __contains__(self, name: str) -> bool:
        return _normal(name) in self._parts

    def parse(
        self, name: str, start: Callable[[str, Attributes], None], **handlers: object
    ) -> Iterator[None]:
        """Feeds a part to handlers of expat's kind, without namespaces; yields after each piece."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = start
        parser.StartDoctypeDeclHandler = _refuse_doctype
        for handler, function in handlers.items():
            setattr(parser, handler, function)
        fed = 0
        with damage_named():
            for data in self._pieces(name):
                parser.Parse(data)
                fed += len(data)
                # What it cannot tell apart yet it keeps, and looks at again from its start with every piece.
                if fed - parser.CurrentByteIndex > _MOST_UNREAD:
                    raise UnreadableFile("broken", "The workbook holds a piece of text without end.")
                yield
            parser.Parse(b"", True)  # expat takes no names
            yield

    def _pieces(self, name: str) -> Iterator[bytes]:
        part = self._parts[_normal(name)]
        if part.compress_type not in _PACKED:
            raise UnreadableFile("broken", "The workbook is packed in a way that Office programs do not use.")
        size = 0
        most = min(MOST_BYTES, max(_FREE_BYTES, MOST_RATIO * part.compress_size))
        with self._zip.open(part) as stream:
            while data := stream.read(_SLICE):
                size += len(data)
                if size > most:
                    raise _too_large()
                yield data

    def relations(self, name: str) -> Iterator[tuple[str, str, str]]:
        """(id, kind, part) of what a part refers to; `name` "" is the package itself."""
        folder, file = posixpath.split(name)
        found: list[tuple[str, str, str]] = []

        def start(tag: str, attributes: Attributes) -> None:
            if local(tag) == "Relationship" and attributes.get("TargetMode") != "External":
                kind = attributes.get("Type", "").rpartition("/")[2]
                target = posixpath.join("/", folder, attributes.get("Target", ""))
                found.append((attributes.get("Id", ""), kind, _normal(target)))

        path = posixpath.join(folder, "_rels", f"{file}.rels")
        if path in self:
            for _ in self.parse(path, start):
                yield from found
                found.clear()


def _refuse_doctype(*_: object) -> None:
    raise UnreadableFile("entities", "The workbook declares a document type, which no Office program writes.")


def local(name: str) -> str:
    """An element's or attribute's name without the prefix of its namespace."""
    return name.rpartition(":")[2]


def _normal(name: str) -> str:
    return posixpath.normpath(name.replace("\\", "/")).lstrip("/").lower()
