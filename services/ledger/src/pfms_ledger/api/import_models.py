"""What /imports takes and answers."""

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, ValidationError

from pfms_common.input import Id, Input, Name, Output
from pfms_ledger.api.accounts import AccountType, CurrencyCode
from pfms_ledger.bankfiles.statement import MAX_ROWS

State = Literal["new", "duplicate", "match", "conflict", "error", "skipped"]
RowNumber = Annotated[int, Field(ge=1, le=10_000_000, strict=True)]


class NewAccount(Input):
    name: Name | None = Field(None, description="by default what the file calls it", examples=["Savings"])
    type: AccountType | None = Field(None, description="by default checking", examples=["savings"])
    currency: CurrencyCode | None = Field(None, description="needed where the file does not say it")


def _target(value: Any) -> Any:
    """new, skip, an account's id, or an object that describes a new account."""
    if value in ("new", "skip"):
        return value
    if isinstance(value, dict):
        return NewAccount.model_validate(value).model_dump(exclude_none=True)
    try:
        return str(TypeAdapter(Id).validate_python(value))
    except ValidationError as error:
        raise ValueError(
            'must be "new", "skip", an account\'s id, or an object that describes a new one'
        ) from error


Target = Annotated[
    Any,
    BeforeValidator(_target),
    Field(
        description="an account's id, `new`, `skip`, or {name, type, currency} of a new account",
        examples=["01890a5d-ac96-774b-bcce-b302099a8057"],
        json_schema_extra={
            "anyOf": [
                {"type": "string", "format": "uuid"},
                {"type": "string", "enum": ["new", "skip"]},
                NewAccount.model_json_schema(),
            ]
        },
    ),
]
AccountMap = Annotated[
    dict[str, Target],
    Field(description="key of the file (`accounts` in the preview) → where its rows go", max_length=500),
]


def _storable(mapping: dict[str, Any]) -> dict[str, Any]:
    """Any value goes this far: what a key takes is told when the file is read. It is stored before, though."""
    try:
        orjson.dumps(mapping)
    except TypeError as error:
        raise ValueError("must not hold a number of more than 64 bits") from error
    return mapping


MappingIn = Annotated[
    dict[str, Any],
    Field(
        description=(
            "how a file is read. Of every text: encoding; of QIF also date_order, decimal and invert; of a table"
            " delimiter (of a workbook sheet), skip_rows, header, date, date_order (dmy, mdy, ymd), decimal,"
            " amount or debit and credit or amount and sign, sign_values {cell: in, out or skip}, unsigned (in, out),"
            " invert, fee, payee, memo, currency, account, bank_id, status, balance. A column is the name in the"
            " header, or its index from 0. Null: there is none. The `mapping` of a preview may be sent back as it is."
        ),
        examples=[{"date": "Date", "date_order": "dmy", "amount": "Amount", "decimal": ","}],
        max_length=60,
    ),
    AfterValidator(_storable),
]


class MappingBody(Input):
    mapping: MappingIn | None = None
    account_map: AccountMap | None = None


class CommitBody(Input):
    accept_matches: list[RowNumber] | None = Field(
        None,
        description="rows in state match that are taken for the transaction, or the occurrence of a plan, that they"
        " match; the others are imported as new. By default all are taken.",
        max_length=MAX_ROWS,
        examples=[[3, 8]],
    )
    accept_conflicts: list[RowNumber] = Field(
        default_factory=list,
        description="rows in state conflict that are imported all the same, as new transactions; the others are"
        " left out. By default none is imported.",
        max_length=MAX_ROWS,
        examples=[[5]],
    )


class BankAccountOut(Output):
    key: str = Field(
        description="how the file names the account; empty: it does not", examples=["DE89370400440532"]
    )
    currency: str | None = Field(
        description="what the file says, else its account's; null: nobody says", examples=["EUR"]
    )
    rows: int = Field(description="how many rows it has", examples=[42])
    account_id: UUID | None = Field(None, description="where its rows go; null: nowhere, or not decided yet")


class QuestionOut(Output):
    field: str = Field(
        description="the key of `mapping` that answers it, or account_map", examples=["date_order"]
    )
    options: list[Any] = Field(description="possible answers", examples=[["dmy", "mdy"]])
    reason: str = Field(description="what is unclear, for a person")
    rows: int = Field(description="how many rows the answer decides about", examples=[42])


class RowError(Output):
    row: int = Field(description="line of a table, ordinal of another format; from 1", examples=[17])
    message: str = Field(description="why it can't be imported", examples=["'31.02.2026' is no date."])


class KeptRow(Output):
    row: int = Field(examples=[17])
    transaction_id: UUID
    reason: Literal["edited", "reconciled", "matched"] = Field(description="what was done with it since")


class ImportSummary(Output):
    id: UUID
    status: str = Field(
        description="reading, needs_mapping, preview; after the commit processing, completed or failed; after taking"
        " it back undoing, undone",
        examples=["preview"],
    )
    error: str | None = Field(description="why it failed, for a person")
    format: str | None = Field(description="told by the content; null while it is read", examples=["csv"])
    account_id: UUID | None = Field(description="where rows go whose key has no account of its own")
    file_name: str = Field(examples=["march.csv"])
    file_bytes: int = Field(description="size of the file in bytes", examples=[18_231])
    created_at: dt.datetime
    rows_total: int = Field(
        description="the sum of the six counts; before them, what was counted", examples=[42]
    )
    rows_new: int = Field(description="become transactions", examples=[38])
    rows_duplicate: int = Field(description="were imported before, or stand twice in the file", examples=[2])
    rows_match: int = Field(
        description="are taken for a transaction that is there, and clear it, or for what a plan expects",
        examples=[1],
    )
    rows_conflict: int = Field(description="have the bank id of a row with another amount", examples=[0])
    rows_error: int = Field(description="can't be imported; see `errors`", examples=[1])
    rows_skipped: int = Field(
        description="left out on purpose, such as zero amounts and failed payments", examples=[0]
    )
    sum_in_minor: int = Field(
        description="money in of all rows but errors and skipped ones, duplicates included, in minor units",
        examples=[250_000],
    )
    sum_out_minor: int = Field(
        description="money out of the same rows, zero or negative, in minor units", examples=[-85_570]
    )
    rows_imported: int = Field(description="written so far: new ones and matches", examples=[39])
    rows_undone: int = Field(description="taken back so far", examples=[0])


class ImportOut(ImportSummary):
    accounts: list[BankAccountOut] = Field(
        description="the accounts that the file speaks of, the fullest first"
    )
    mapping: dict[str, Any] = Field(
        description="everything that is settled about how the file is read; may be sent back as it is",
        examples=[
            {"encoding": "utf-8", "delimiter": ",", "date": "Date", "date_order": "ymd", "amount": "Amount"}
        ],
    )
    questions: list[QuestionOut] = Field(
        description="to be answered before the commit; none: it may be committed"
    )
    samples: list[list[str]] = Field(description="the first rows as the file has them")
    warnings: list[str] = Field(description="what a person should know", examples=[["The file has no end."]])
    errors: list[RowError] = Field(description="the first thousand rows in state error")
    kept: list[KeptRow] = Field(
        description="the first thousand rows that taking the import back left as they are"
    )


class Imports(Output):
    items: list[ImportSummary]
    next_cursor: str | None = Field(description="for the next page; null on the last")


class MatchedPlan(Output):
    plan_id: UUID
    name: str = Field(description="what you call the plan", examples=["Rent"])
    nominal_date: dt.date = Field(description="the occurrence, by the day that the plan's rule names")


class ImportRowOut(Output):
    row: int = Field(description="line of a table, ordinal of another format; from 1", examples=[17])
    date: dt.date | None = Field(description="the day the bank wrote; null: it could not be read")
    amount_minor: int | None = Field(
        description="minor units of `currency`; money into the account is positive", examples=[-1250]
    )
    currency: str | None = Field(description="ISO 4217 code", examples=["EUR"])
    payee: str = Field(description="as the bank wrote it", examples=["SQ *BLUE BOTTLE 4711 OAKLAND CA"])
    merchant: str | None = Field(
        description="what that is cleaned to; the payee of the transaction, unless an alias says another",
        examples=["Blue Bottle"],
    )
    processor: str | None = Field(description="who passed the payment on", examples=["Square"])
    location: str | None = Field(description="where the text says it was", examples=["Oakland CA"])
    memo: str = Field(description="as the bank wrote it")
    bank_id: str | None = Field(description="the bank's own id of the row")
    status: str = Field(description="what the bank says: cleared or pending", examples=["cleared"])
    account_key: str = Field(description="how the file names the account")
    account_id: UUID | None = Field(description="where the row goes")
    state: State = Field(description="new, duplicate, match, conflict, error or skipped", examples=["new"])
    error: str | None = Field(description="for error, skipped and conflict: why")
    match_transaction_id: UUID | None = Field(
        description="the transaction that the row is, clears or is in conflict with; null where a plan expects it"
    )
    match_plan: MatchedPlan | None = Field(
        description="the occurrence of a plan that the row is; without match_transaction_id it is open, and the"
        " commit settles it"
    )
    transaction_id: UUID | None = Field(description="once it is written: its transaction")
    kept: str | None = Field(description="why taking the import back left it: edited, reconciled or matched")


class ImportRows(Output):
    items: list[ImportRowOut]
    next_cursor: str | None = Field(description="for the next page; null on the last")


class Started(Output):
    id: UUID
    status: Literal["processing"] = Field(description="ask GET /imports/{id} how far it is")
