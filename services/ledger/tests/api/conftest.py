"""What the tests of several resources make."""

import pytest
from services.ledger.tests.api.plan_days import month_day


@pytest.fixture
def make_plan(anna):
    """Makes a plan of 950.00 for rent, on the first of each month since two months ago, unless told otherwise."""

    async def made(account, **fields):
        template = {"account_id": account["id"], "payee": "Landlord", "amount_minor": -95_000}
        body = {"name": "Rent", "template": template, "rrule": "FREQ=MONTHLY", "start": month_day(-2)}
        response = await anna.post("/recurring", **{**body, **fields})
        assert response.status_code == 201, response.text
        return response.json()

    return made
