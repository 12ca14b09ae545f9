"""An uploaded file: streamed to disk under a limit, never as a whole in memory."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from pfms_common.idempotency import Claim, checked_key
from pfms_common.principal import Principal
from pfms_common.problem import Invalid, TooLarge, UnsupportedType
from pfms_ledger.bankfiles.text import clean

SLICE = 1024 * 1024
AROUND = 256 * 1024
"""What a form may hold besides the file: names, mapping, boundaries."""

_NOT_A_FILE = "Send the part `file` as a file, with a file name: a part without one is a text field."


def upload_body(
    file: str, *, fields: Mapping[str, Mapping[str, str]] = {}, same: str = "file", key_required: bool = False
) -> dict[str, Any]:
    """What OpenAPI says of a route that takes a form, as its `openapi_extra`.

    Args:
        file: what the part `file` may be, and its limits.
        fields: the text parts by name, each with its schema.
        same: what has to be alike in two requests with one Idempotency-Key.
    """
    parts = {"file": {"type": "string", "format": "binary", "description": file}, **fields}
    schema = {"type": "object", "required": ["file"], "properties": parts}
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        **({"required": True} if key_required else {}),
        "description": f"16 to 255 visible ASCII characters; the same key and {same} give the same answer for 72 h",
        "schema": {"type": "string", "minLength": 16, "maxLength": 255},
        "example": "7b0c1f8e-9d64-4f0e-8a39-2f4e3a1d5c11",
    }
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}},
        "parameters": [key],
    }


@dataclass(frozen=True, slots=True)
class Form:
    """The parts of a multipart body: one file, and the text fields."""

    file: BinaryIO
    file_name: str
    size: int
    fields: dict[str, str]
    data: FormData


async def read_form(request: Request, *, most: int, fields: frozenset[str]) -> Form:
    """Reads a multipart body with one file in the part `file`. Close `data` when done.

    Raises:
        TooLarge: over `most` bytes; as soon as that is known, the rest is not read. UnsupportedType, Invalid.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise UnsupportedType("Send multipart/form-data with the file in the part `file`.")
    try:
        data = await MultiPartParser(
            request.headers,
            _limited(request, most),
            max_files=1,
            max_fields=len(fields),
            max_part_size=AROUND,
        ).parse()
    except MultiPartException as error:
        hint = f" {_NOT_A_FILE}" if error.message.startswith("Part exceeded") else ""
        raise Invalid(f"The form can't be read: {error.message}{hint}") from error
    try:
        return _checked(data, most, fields)
    except BaseException:
        await data.close()
        raise


async def _limited(request: Request, most: int) -> AsyncGenerator[bytes]:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > most + AROUND:
        raise _too_large(most)
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most + AROUND:
            raise _too_large(most)
        yield chunk


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"The file may have {most // 1024 // 1024} MiB; split it, or export a shorter time.")


def _checked(data: FormData, most: int, fields: frozenset[str]) -> Form:
    texts: dict[str, str] = {}
    file: UploadFile | None = None
    for name, part in data.multi_items():
        if isinstance(part, UploadFile) and name == "file":
            file = part
        elif name == "file":
            raise Invalid(_NOT_A_FILE, errors={"file": ["is a text field; send it as a file with a name"]})
        elif name not in fields or isinstance(part, UploadFile):
            raise Invalid(
                f"There is no part {name[:60]!r} in this form.", errors={name[:60]: ["is not known"]}
            )
        elif name in texts:
            raise Invalid(f"The part {name!r} comes twice.", errors={name: ["comes twice"]})
        else:
            texts[name] = part
    if file is None:
        raise Invalid("Send the file in the part `file`.", errors={"file": ["is missing"]})
    size = file.size or 0
    if size > most:
        raise _too_large(most)
    bare: Any = file.file
    return Form(bare, clean(file.filename or "", 255), size, texts, data)


async def claim_of(
    request: Request, principal: Principal, form: Form, operation: str = "/imports"
) -> Claim | None:
    """The claim of an upload's Idempotency-Key: boundaries differ from try to try, so each part's name and bytes
    are hashed instead of the body.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    digest = await asyncio.to_thread(_digest, form)
    return Claim(principal.user_id, f"{request.method} {operation}", checked_key(key), digest)


def _digest(form: Form) -> bytes:
    whole = hashlib.sha256()
    for name, text in sorted(form.fields.items()):
        whole.update(hashlib.sha256(name.encode()).digest())
        whole.update(hashlib.sha256(text.encode(errors="surrogatepass")).digest())
    file = hashlib.sha256(b"file")
    form.file.seek(0)
    while data := form.file.read(SLICE):
        file.update(data)
    whole.update(file.digest())
    return whole.digest()
