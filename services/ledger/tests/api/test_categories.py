"""The tree of categories: it stays a tree, whoever writes at the same time."""

import pytest


async def made(anna, name: str, **fields: object) -> dict:
    return (await anna.post("/categories", name=name, type="expense", **fields)).json()


async def test_two_changes_at_once_never_put_two_categories_below_each_other(at_once, anna):
    for n in range(5):
        first, second = await made(anna, f"First {n}"), await made(anna, f"Second {n}")

        answers = await at_once(
            anna.patch(f"/categories/{first['id']}", 1, parent_id=second["id"]),
            anna.patch(f"/categories/{second['id']}", 1, parent_id=first["id"]),
        )

        assert sorted(answer.status_code for answer in answers) == [200, 400]
        refused = next(answer for answer in answers if answer.status_code == 400)
        assert refused.json()["errors"] == {"parent_id": ["is this category or below it"]}


async def test_a_category_that_came_under_its_key_is_answered_again_after_its_parent_is_gone(anna):
    parent = await made(anna, "Hobbies")
    body = {"name": "Kites", "type": "expense", "parent_id": parent["id"]}
    first = await anna.post("/categories", key="a-kite-of-16-chars", **body)
    await anna.delete(f"/categories/{first.json()['id']}", 1)
    await anna.delete(f"/categories/{parent['id']}", 1)

    again = await anna.post("/categories", key="a-kite-of-16-chars", **body)

    assert (again.status_code, again.content) == (201, first.content)


@pytest.mark.parametrize(
    ("parent", "status"),
    [("01890a5d-ac96-774b-bcce-b302099a8057", 404), ("salary", 400)],
    ids=["missing", "of another type"],
)
async def test_a_parent_that_does_not_fit_is_named(anna, parent, status):
    parent_id = await anna.category(parent) if parent == "salary" else parent

    response = await anna.post("/categories", name="Kites", type="expense", parent_id=parent_id)

    assert response.status_code == status
    assert list(response.json()["errors"]) == ["parent_id"]


async def test_an_archived_parent_is_refused_by_the_path_of_the_field_alone(anna):
    parent = await made(anna, "Hobbies")
    await anna.patch(f"/categories/{parent['id']}", 1, is_archived=True)

    response = await anna.post("/categories", name="Kites", type="expense", parent_id=parent["id"])

    assert response.status_code == 400
    assert list(response.json()["errors"]) == ["parent_id"]
    assert "DETAIL" not in response.text
