"""/ledger/settings: what a book's ledger goes by."""

from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from pfms_common.input import Id, Input, Output
from pfms_common.web import Editor, IfMatch, StrictRoute, Viewer, answer, check_version
from pfms_ledger.api.deps import LedgerDep, answer_of, written
from pfms_ledger.domain.share import Counted
from pfms_ledger.operations import settings as operations
from pfms_ledger.queries import settings as queries

router = APIRouter(prefix="/ledger/settings", tags=["Accounts"], route_class=StrictRoute)


class LedgerSettingsIn(Input):
    default_account_id: Id | None = Field(description="the account that quick entries are on; null: none")
    shares: Counted = Field(
        "mine",
        description="what the category of a shared split holds from now on: `mine`, only your own part; `whole`, all"
        " of it. What is written already stays as it is",
    )
    version: int | None = Field(
        None, ge=0, description="the version you saw, where If-Match is not sent; 0 where nothing was set yet"
    )


class LedgerSettingsOut(Output):
    default_account_id: UUID | None = Field(description="the account that quick entries are on")
    shares: Counted = Field(
        description="what the category of a shared split holds: your own part, or the whole",
        examples=["mine"],
    )
    version: int = Field(description="0 while nothing was set", examples=[1])


@router.get("", response_model=LedgerSettingsOut, summary="What the ledger goes by")
async def get_settings(principal: Viewer, ledger: LedgerDep) -> Response:
    found = await queries.read(ledger.facts.pool, principal.book_id)
    return answer(LedgerSettingsOut.model_validate(found), version=found.version)


@router.put("", response_model=LedgerSettingsOut, summary="Set what the ledger goes by")
async def put_settings(
    body: LedgerSettingsIn, principal: Editor, ledger: LedgerDep, if_match: IfMatch
) -> Response:
    wanted = queries.Settings(body.default_account_id, body.shares)
    settings, result = await operations.put(
        ledger, principal, wanted, lambda v: check_version(v, if_match, body.version)
    )
    shown = LedgerSettingsOut.model_validate(settings).model_dump_json()
    return written(principal, answer_of(shown, version=settings.version), result)
