"""The choices of a book over HTTP."""


async def test_a_book_that_never_chose_has_the_defaults(home):
    response = await home.http.get("/budget-settings")

    assert response.json() == {
        "default_rollover": "surplus",
        "unrolled": "to_be_budgeted",
        "strict": False,
        "alert_percents": [80, 100],
        "version": 0,
    }
    assert response.headers["ETag"] == '"0"'


async def test_another_default_policy_derives_every_month_again(home):
    await home.plan("2024-01")
    await home.spend("2024-01-05", -5_000, home.groceries)
    assert (await home.line(home.groceries, "2024-01"))["available_minor"] == -5_000

    response = await home.http.patch("/budget-settings", json={"default_rollover": "both", "version": 0})

    assert (response.status_code, response.json()["version"]) == (200, 1)
    assert (await home.line(home.groceries, "2024-02"))["carry_in_minor"] == -5_000


async def test_what_is_discarded_leaves_the_budget(home):
    await home.plan("2024-01")
    await home.allocate(home.groceries, 10_000, rollover="none")

    await home.http.patch("/budget-settings", json={"unrolled": "discard", "version": 0})

    february = await home.month("2024-02")
    assert (february["discarded_minor"], february["to_be_budgeted_minor"]) == (10_000, 90_000)


async def test_a_choice_names_the_version_it_was_made_from(home):
    response = await home.http.patch("/budget-settings", json={"strict": True, "version": 3})

    assert response.status_code == 409


async def test_what_is_no_choice_is_refused(home):
    for body in ({"unrolled": "some"}, {"default_rollover": None}, {"strict": "yes"}):
        assert (await home.http.patch("/budget-settings", json={**body, "version": 0})).status_code == 400
