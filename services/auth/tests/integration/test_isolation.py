"""What auth's rows show to whom, and the functions that look further."""

import pytest

from pfms_common.ids import new_id
from pfms_common.sql import raw

NOBODYS_TABLES = {"throttle"}
"""Keyed by hashes, before anybody is known; reached by functions only."""

DEFINERS = {
    "attach_invitations",
    "book_by_invitation",
    "claim_address",
    "members_of",
    "person_by_address",
    "person_by_link",
    "person_by_refresh_token",
    "throttle_forget",
    "throttle_forgive",
    "throttle_take",
    "verified_person_by_address",
}


async def tables(auth) -> set[str]:
    rows = await auth.harness.sql(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        " AND relname <> 'alembic_version'"
    )
    return {row["relname"] for row in rows}


async def test_every_definer_function_has_a_fixed_search_path_and_is_for_the_app_role_alone(auth):
    rows = await auth.harness.sql(
        "SELECT proname::text, proconfig, has_function_privilege('auth_app', oid, 'EXECUTE') AS for_app,"
        " has_function_privilege('auth_relay', oid, 'EXECUTE') AS for_relay"
        " FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
    )
    assert {row["proname"] for row in rows} == DEFINERS
    for row in rows:
        assert row["proconfig"] == ["search_path=public, pg_temp"], row["proname"]
        assert row["for_app"], row["proname"]
        assert not row["for_relay"], row["proname"]


async def test_nothing_named_shows_nothing(auth):
    await auth.register()
    for table in await tables(auth) - NOBODYS_TABLES - {"unsent"}:
        async with auth.context.reading() as tx:
            found = await (await raw(tx)).fetchval(f"SELECT count(*) FROM {table}")
        assert found == 0, table


async def test_one_person_named_shows_nobody_else(auth):
    ada, eve = await auth.register(), await auth.register()
    for table in ("person", "session", "refresh_token", "link", "known_place", "membership", "stream_head"):
        async with auth.context.reading(users=[eve.user_id]) as tx:
            rows = await (await raw(tx)).fetch(f"SELECT t::text AS row FROM {table} t")
        assert rows, table
        assert not any(str(ada.user_id) in row["row"] for row in rows), table


async def test_a_row_of_somebody_else_cannot_be_written(auth):
    ada, eve = await auth.register(), await auth.register()
    async with auth.context.reading(users=[eve.user_id]) as tx:
        status = await (await raw(tx)).execute("UPDATE person SET display_name = 'Eve was here'")
    assert status == "UPDATE 1"
    assert (await ada.client.get("/user/profile")).json()["display_name"] == "Ada"


@pytest.mark.parametrize("named", ["nobody", "stranger"])
async def test_members_of_answers_only_for_a_book_that_was_named(auth, named):
    ada = await auth.register()
    books = [] if named == "nobody" else [new_id()]
    async with auth.context.reading(books=books) as tx:
        rows = await (await raw(tx)).fetch("SELECT * FROM members_of($1)", ada.book_id)
    assert rows == []
