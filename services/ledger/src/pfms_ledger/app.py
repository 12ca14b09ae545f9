"""The ledger, written out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast
from uuid import UUID

from pfms_common.problem import Problem
from pfms_common.rrule import BadRecurrence
from pfms_common.sql import open_pool
from pfms_events.sync import Resync
from pfms_ledger.adapters.opening import open_store
from pfms_ledger.adapters.s3 import Credentials
from pfms_ledger.api import (
    accounts,
    attachments,
    balances,
    bulk,
    categories,
    duplicates,
    exports,
    habits,
    history,
    imports,
    income_sources,
    payees,
    pots,
    quick_entry,
    rates,
    reconciliations,
    recurring,
    restores,
    settings,
    sync,
    tags,
    text_entry,
    transaction_list,
    transactions,
    undo,
    valuations,
)
from pfms_ledger.bankfiles.statement import MappingDoesNotFit, UnreadableFile
from pfms_ledger.consumers import SUBSCRIPTIONS
from pfms_ledger.db.journal import Journal
from pfms_ledger.db.tables import Base
from pfms_ledger.domain.account import NotEmpty
from pfms_ledger.domain.attachment import TooManyAttachments
from pfms_ledger.domain.bounds import OutOfBounds
from pfms_ledger.domain.bulk import NotAll, SeveralSplits
from pfms_ledger.domain.download_link import link_secret
from pfms_ledger.domain.reconciliation import NotBalanced, NotCleared, Reconciled, Settled
from pfms_ledger.domain.refund import NotRefundable, OverRefunded
from pfms_ledger.domain.share import SharesExceed
from pfms_ledger.domain.split import SplitsDoNotAddUp
from pfms_ledger.domain.system_category import SystemCategory
from pfms_ledger.domain.transfer import BadTransfer
from pfms_ledger.domain.undo import ChangedSince
from pfms_ledger.domain.valuation import FollowsFromValue, NotValued
from pfms_ledger.jobs import JOBS
from pfms_ledger.operations.rebuild import rebuild
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.operations.restoring import NotFresh, NotOurs, OtherBaseCurrency
from pfms_ledger.operations.undo import NotUndoable
from pfms_ledger.queries.facts import Facts
from pfms_ledger.queries.invariants import faults
from pfms_ledger.settings import LedgerSettings
from pfms_service.resources import close_pool
from pfms_service.service import Resources, Running, Service

EXPORTS_AT_ONCE = 2
"""A process's; each holds a connection as long as its client reads, so they are not those that requests wait for."""


@asynccontextmanager
async def _ledger(resources: Resources) -> AsyncIterator[Ledger]:
    settings = cast(LedgerSettings, resources.settings)
    exporting = await open_pool(
        settings.address("database_url"), EXPORTS_AT_ONCE, plan_cache_mode="force_custom_plan"
    )
    credentials = Credentials(
        settings.s3_key_id.get_secret_value(), settings.s3_secret_key.get_secret_value(), settings.s3_region
    )
    async with open_store(settings.attachments, settings.s3_endpoint, credentials, resources.clock) as store:
        ledger = Ledger(
            journal=Journal(resources.pool, resources.poke),
            facts=Facts(resources.pool),
            now=resources.clock,
            exports=exporting,
            attachments=store,
            link_secret=link_secret(settings.cursor_secret.get_secret_value()),
        )
        try:
            yield ledger
        finally:
            await ledger.background.stop()
            await close_pool(exporting)


async def _rebuild(running: Running, book_id: UUID) -> int:
    return await rebuild(running.own.journal, book_id)


async def _check(running: Running, book_id: UUID) -> list[str]:
    return await faults(running.resources.pool, book_id)


SERVICE = Service(
    name="ledger",
    summary="Accounts, categories, payees, transactions, imports and plans: the truth about money",
    package="pfms_ledger",
    settings=LedgerSettings,
    metadata=Base.metadata,
    routers=(
        transaction_list.router,
        bulk.router,
        duplicates.router,
        transactions.router,
        history.router,
        undo.router,
        accounts.router,
        valuations.router,
        reconciliations.router,
        pots.router,
        categories.router,
        payees.router,
        tags.router,
        balances.router,
        imports.router,
        attachments.router,
        sync.router,
        exports.router,
        restores.router,
        rates.router,
        income_sources.router,
        habits.router,
        recurring.router,
        settings.router,
        quick_entry.router,
        text_entry.router,
    ),
    errors={
        SplitsDoNotAddUp: Problem(400, "splits_do_not_add_up", "The splits do not add up to the amount"),
        SharesExceed: Problem(400, "shares_exceed_split", "Others would owe more than the split"),
        SystemCategory: Problem(409, "system_category", "The book itself works with this category"),
        BadTransfer: Problem(400, "bad_transfer", "This is not a transfer"),
        NotRefundable: Problem(400, "not_refundable", "This cannot be refunded"),
        OverRefunded: Problem(409, "over_refunded", "More would come back than went out"),
        TooManyAttachments: Problem(409, "too_many_attachments", "The transaction has all it may have"),
        NotAll: Problem(409, "not_all", "Not all of it can be done, so nothing was"),
        SeveralSplits: Problem(409, "several_splits", "A category is for a lone split"),
        Reconciled: Problem(409, "reconciled", "The transaction is reconciled"),
        NotCleared: Problem(409, "not_cleared", "Something is pending"),
        NotBalanced: Problem(409, "not_balanced", "The statement has another balance"),
        Settled: Problem(409, "reconciliation_finished", "The reconciliation is finished"),
        NotEmpty: Problem(409, "account_not_empty", "The account still holds money"),
        NotValued: Problem(409, "not_valued", "The account is not valued by hand"),
        FollowsFromValue: Problem(409, "follows_from_value", "The valuation decides it"),
        OutOfBounds: Problem(409, "out_of_bounds", "The balance would be too large"),
        ChangedSince: Problem(409, "changed_since", "It was changed since"),
        NotUndoable: Problem(409, "not_undoable", "This cannot be undone by itself"),
        UnreadableFile: Problem(400, "import_unreadable", "The file can't be imported"),
        NotOurs: Problem(400, "not_an_export", "The file is no export of a book"),
        NotFresh: Problem(409, "book_not_fresh", "Something has happened in this book already"),
        OtherBaseCurrency: Problem(409, "other_base_currency", "The file is of a book in another currency"),
        Resync: Problem(410, "resync", "Sync anew from the beginning"),
        BadRecurrence: Problem(400, "bad_recurrence", "The recurrence rule names no days"),
        MappingDoesNotFit: Problem(400, "mapping_does_not_fit", "The mapping does not fit the file"),
    },
    subscriptions=SUBSCRIPTIONS,
    jobs=JOBS,
    own=_ledger,
    rebuild=_rebuild,
    check=_check,
)
