"""/imports: a bank's file in, a preview out, then its rows as transactions."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter, ValidationError

from pfms_common.idempotency import REPLAYED, Answer, Stored
from pfms_common.input import Id
from pfms_common.problem import Invalid
from pfms_common.web import Editor, MustClaim, StrictRoute, Viewer, answer, found, parse_json
from pfms_ledger.api.deps import CursorParam, CursorsDep, LedgerDep, Limit
from pfms_ledger.api.import_models import (
    AccountMap,
    BankAccountOut,
    CommitBody,
    ImportOut,
    ImportRowOut,
    ImportRows,
    Imports,
    ImportSummary,
    KeptRow,
    MappingBody,
    MappingIn,
    QuestionOut,
    RowError,
    Started,
    State,
)
from pfms_ledger.api.uploads import claim_of, read_form, upload_body
from pfms_ledger.bankfiles.statement import MAX_BYTES
from pfms_ledger.operations.imports import commit as commits
from pfms_ledger.operations.imports import undo
from pfms_ledger.operations.imports import upload as uploads
from pfms_ledger.operations.imports.understanding import Asked
from pfms_ledger.queries import imports as queries
from pfms_ledger.queries.imports import Detailed, Import

router = APIRouter(prefix="/imports", tags=["Imports"], route_class=StrictRoute)

_AS_MAPPED = "JSON, as in PUT /imports/{id}/mapping"
_FIELDS = {
    "account_id": {
        "type": "string",
        "format": "uuid",
        "description": "where rows go whose key is not in `account_map`",
    },
    "mapping": {"type": "string", "description": _AS_MAPPED},
    "account_map": {"type": "string", "description": _AS_MAPPED},
}
_UPLOAD = upload_body(
    "OFX or QFX, CAMT.052, 053 or 054, MT940 or MT942, QIF, or a table (CSV, TSV, XLSX, XLS); told by its content; at"
    " most 50 MiB (XLS: 16) and 200,000 rows",
    fields=_FIELDS,
    same="parts",
)


@router.post(
    "", status_code=201, response_model=ImportOut, summary="Upload a bank file", openapi_extra=_UPLOAD
)
async def create_import(request: Request, principal: Editor, ledger: LedgerDep) -> Response:
    """Reads the file and answers with a preview; nothing is written to the book before the commit.

    A row is a STMTTRN of OFX, an Ntry of CAMT, a :61: of MT940, a record of QIF, or a line of a table. Trades are
    counted in `warnings`, and so are statements whose balances do not add up: their rows come in all the same. What
    the file leaves open is asked (`needs_mapping`), never guessed silently. A file that takes longer than five
    seconds answers with status `reading`, and goes on being read.
    """
    form = await read_form(request, most=MAX_BYTES, fields=frozenset(_FIELDS))
    try:
        asked = _asked(form.fields)
        claim = await claim_of(request, principal, form)
        sent = uploads.Upload(form.file, form.file_name, form.size)
        result = await uploads.upload(ledger, principal, sent, asked, claim, _created)
    finally:
        await form.data.close()
    if isinstance(result, Stored):
        return Response(result.body, result.status, {**result.headers, REPLAYED: "true"}, "application/json")
    return Response(result.body, result.status, result.headers, "application/json")


@router.get("", response_model=Imports, summary="List imports, newest first")
async def list_imports(
    principal: Viewer, ledger: LedgerDep, cursors: CursorsDep, limit: Limit = 50, cursor: CursorParam = None
) -> Response:
    bound: tuple[UUID, str, list[str]] = (principal.book_id, "imports", [])
    after = UUID(cursors.read(*bound, cursor)[0]) if cursor is not None else None
    rows = await queries.listed(ledger.facts.pool, principal.book_id, after=after, limit=limit + 1)
    next_cursor = cursors.write(*bound, [str(rows[limit - 1].id)]) if len(rows) > limit else None
    return answer(Imports(items=[_summary(row) for row in rows[:limit]], next_cursor=next_cursor))


@router.get("/{import_id}", response_model=ImportOut, summary="One import: how far it is, counts, errors")
async def get_import(import_id: Id, principal: Viewer, ledger: LedgerDep) -> Response:
    return answer(_out(found(await _detailed(ledger, principal.book_id, import_id), "import")))


@router.get(
    "/{import_id}/rows", response_model=ImportRows, summary="The rows of an import, in the file's order"
)
async def list_rows(
    import_id: Id,
    principal: Viewer,
    ledger: LedgerDep,
    cursors: CursorsDep,
    state: Annotated[State | None, Query(description="only rows in this state")] = None,
    limit: Limit = 50,
    cursor: CursorParam = None,
) -> Response:
    found(await _detailed(ledger, principal.book_id, import_id), "import")
    bound = (principal.book_id, "import rows", [str(import_id), state])
    after = cursors.read(*bound, cursor)[0] if cursor is not None else 0
    rows = await queries.rows(
        ledger.facts.pool, principal.book_id, import_id, state=state, after=after, limit=limit + 1
    )
    next_cursor = cursors.write(*bound, [rows[limit - 1].row]) if len(rows) > limit else None
    return answer(
        ImportRows(items=[ImportRowOut.model_validate(row) for row in rows[:limit]], next_cursor=next_cursor)
    )


@router.put("/{import_id}/mapping", response_model=ImportOut, summary="Answer an import's questions")
async def answer_questions(
    import_id: Id, body: MappingBody, principal: Editor, ledger: LedgerDep
) -> Response:
    """Reads the kept file anew. What was answered before stays, where it is not answered again."""
    remapped = await uploads.remap(ledger, principal, import_id, body.mapping, body.account_map)
    return answer(_out(remapped))


@router.post("/{import_id}/commit", status_code=202, response_model=Started, summary="Write an import's rows")
async def commit_import(
    import_id: Id, principal: Editor, ledger: LedgerDep, claim: MustClaim, body: CommitBody | None = None
) -> Response:
    """Goes on in the background, a thousand rows at a time, and survives a crash: no row is written twice."""
    wanted = body or CommitBody()
    started = Answer(202, {}, Started(id=import_id, status="processing").model_dump_json().encode())
    accepted = commits.Accepted(wanted.accept_matches, wanted.accept_conflicts)
    stored = await commits.commit(ledger, principal, import_id, accepted, claim, started)
    if stored is not None:
        return Response(stored.body, stored.status, {**stored.headers, REPLAYED: "true"}, "application/json")
    return Response(started.body, started.status, started.headers, "application/json")


@router.delete(
    "/{import_id}",
    response_model=ImportOut,
    summary="Take an import back",
    responses={
        202: {"model": ImportOut, "description": "it takes longer than five seconds and goes on"},
        204: {"description": "it had written nothing and is removed"},
    },
)
async def delete_import(import_id: Id, principal: Editor, ledger: LedgerDep) -> Response:
    """Removes what it brought and undoes what it cleared. What was edited, reconciled or matched since stays and is
    listed in `kept`; accounts and payees that it made stay too.
    """
    detailed = await undo.take_back(ledger, principal, import_id)
    if detailed is None:
        return Response(status_code=204)
    return answer(_out(detailed), status=202 if detailed.found.status == "undoing" else 200)


async def _detailed(ledger: Any, book_id: UUID, import_id: UUID) -> Detailed | None:
    detailed = await queries.detailed(ledger.facts.pool, book_id, import_id)
    return detailed if detailed is not None and detailed.found.answered else None


def _asked(fields: Mapping[str, str]) -> Asked:
    """The text parts of the form, validated as the body of PUT would be."""
    account_id = None
    if "account_id" in fields:
        account_id = _field("account_id", TypeAdapter(Id), fields["account_id"].strip())
    answers = _json(fields, "mapping", TypeAdapter(MappingIn))
    account_map = _json(fields, "account_map", TypeAdapter(AccountMap))
    return Asked(account_id, answers, account_map)


def _json(fields: Mapping[str, str], name: str, kind: TypeAdapter[Any]) -> dict[str, Any]:
    if not fields.get(name, "").strip():
        return {}
    try:
        value = parse_json(fields[name].encode())
    except (Invalid, UnicodeEncodeError) as error:
        raise Invalid(f"{name} is not JSON.", errors={name: ["is not JSON"]}) from error
    read: dict[str, Any] = _field(name, kind, value)
    return read


def _field(name: str, kind: TypeAdapter[Any], value: Any) -> Any:
    try:
        return kind.validate_python(value)
    except ValidationError as error:
        wrong = {
            ".".join([name, *map(str, one["loc"])]): [one["msg"].removeprefix("Value error, ")]
            for one in error.errors()
        }
        raise Invalid(f"{name} is not valid.", errors=wrong) from error


def _created(detailed: Detailed) -> Answer:
    body = _out(detailed).model_dump_json().encode()
    return Answer(201, {"Location": f"/api/v1/imports/{detailed.found.id}"}, body)


def _summary(row: Import) -> ImportSummary:
    return ImportSummary.model_validate(row)


def _out(detailed: Detailed) -> ImportOut:
    row = detailed.found
    reading: Mapping[str, Any] = row.reading
    return ImportOut(
        **ImportSummary.model_validate(row).model_dump(),
        accounts=_accounts(reading.get("accounts", ()), row.targets),
        mapping=reading.get("mapping", {}),
        questions=[QuestionOut(**question) for question in reading.get("questions", ())],
        samples=reading.get("samples", []),
        warnings=reading.get("warnings", []),
        errors=[RowError(**error) for error in detailed.errors],
        kept=[KeptRow(**kept) for kept in detailed.kept],
    )


def _accounts(found_in: Sequence[Mapping[str, Any]], targets: Mapping[str, Any]) -> list[BankAccountOut]:
    """The file's accounts with where their rows go; an account's currency where the file does not say one."""
    accounts = []
    for one in found_in:
        target = targets.get(one["key"]) or {}
        accounts.append(
            BankAccountOut(
                key=one["key"],
                currency=one["currency"] or target.get("currency"),
                rows=one["rows"],
                account_id=target.get("account_id"),
            )
        )
    return accounts
