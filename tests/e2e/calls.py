"""Requests made from the document's own schemas, and a household whose ids they may name."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import schemathesis

REFUSED = ["400", "401", "403", "404", "405", "409", "412", "413", "415", "422", "428", "429"]
CANARY = "Canary-Zwölfkampf"
MONTH = "2026-02"
MISSING_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
# Routes that end the session they are called with, or the account's way in; their own tests call them.
ENDING = {("post", "/auth/logout"), ("delete", "/auth/sessions"), ("post", "/auth/logout-all")}


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Those whose answer has an end; live updates have tests of their own."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            endless = "text/event-stream" in operation.get("responses", {}).get("200", {}).get("content", {})
            if method in {"get", "post", "put", "patch", "delete"} and not endless:
                yield method, path, operation


def tried(document: dict[str, Any]) -> list[schemathesis.APIOperation]:
    """Deletions last: the others need what they delete. Who signs in is a test's affair, not the schema's."""
    told = {
        **document,
        "components": {k: v for k, v in document["components"].items() if k != "securitySchemes"},
    }
    told["paths"] = {}
    for method, path, each in operations(document):
        told["paths"].setdefault(path, {})[method] = {**each, "security": []}
    schema = schemathesis.openapi.from_dict(told)
    schema.config.checks.negative_data_rejection.expected_statuses = REFUSED
    found = [each.ok() for each in schema.get_all_operations()]
    return sorted(found, key=lambda each: each.method.lower() == "delete")


def is_public(operation: dict[str, Any]) -> bool:
    return not operation.get("security")


def sample(schema: dict[str, Any], document: dict[str, Any], ids: dict[str, str], name: str = "") -> Any:
    """A value that the schema takes, with the owner's ids where a field asks for one."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if name in ids:
        return ids[name]
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return sample(next(s for s in choices if s.get("type") != "null"), document, ids, name)
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema or schema.get("enum"):
        return schema.get("const", (schema.get("enum") or [None])[0])
    match schema.get("type"):
        case "object":
            known = schema.get("properties", {})
            wanted = {*schema.get("required", []), *(field for field in known if field in ids)}
            return {field: sample(known[field], document, ids, field) for field in known if field in wanted}
        case "array":
            return (
                [sample(schema["items"], document, ids, name.removesuffix("s"))]
                if schema.get("minItems")
                else []
            )
        case "integer":
            return schema.get("minimum", 1)
        case "boolean":
            return True
    return "2026-02-10" if schema.get("format") == "date" else "some text that is long enough"


def call_of(method, path, operation, document, ids):
    """The request of one operation: url, JSON body, headers."""
    url = path
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            value = ids.get(parameter["name"], MISSING_ID)
            url = url.replace("{" + parameter["name"] + "}", value)
    headers = {"If-Match": '"1"', "Idempotency-Key": f"sweep-{uuid4()}"}
    content = operation.get("requestBody", {}).get("content", {})
    body = None
    if "application/json" in content:
        body = sample(content["application/json"]["schema"], document, ids)
        if path == "/transactions" and method == "post":
            body = {"account_id": ids["account_id"], "date": "2026-02-10", "amount_minor": -100}
    return url, body, headers


async def furnish(owner: Any) -> dict[str, str]:
    """Gives the owner one thing of each kind, every text of it a canary; answers with their ids."""
    keys = await owner.categories()
    account = await owner.account(CANARY, opening_balance_minor=5_000, note=CANARY)
    house = await owner.account(CANARY, type="asset")
    valuation = await owner.post(
        f"/accounts/{house['id']}/valuations", {"date": "2026-02-05", "value_minor": 9_000}
    )
    reconciliation = await owner.post(
        f"/accounts/{account['id']}/reconciliations",
        {"statement_date": "2026-02-05", "statement_balance_minor": 9_000},
    )
    pot = await owner.post("/pots", {"account_id": account["id"], "name": CANARY, "note": CANARY})
    transaction = await owner.post(
        "/transactions",
        {
            "account_id": account["id"],
            "date": "2026-02-03",
            "amount_minor": -1_234,
            "payee": CANARY,
            "note": CANARY,
            "tags": [CANARY],
        },
    )
    await owner.post("/budgets", {"month": MONTH, "planned_income_minor": 1_000, "notes": CANARY})
    allocation = await owner.post(
        f"/budgets/{MONTH}/allocations",
        {
            "category_id": keys["groceries"],
            "allocation_type": "fixed",
            "allocation_value": 1_000,
            "rollover": "none",
        },
    )
    plan = await owner.post(
        "/recurring",
        {
            "name": CANARY,
            "template": {"account_id": account["id"], "amount_minor": -100, "payee": CANARY},
            "rrule": "FREQ=MONTHLY",
            "start": str(
                (datetime.now(UTC) + timedelta(days=300)).date()
            ),  # what is due is told by a job, at any moment
        },
    )
    upload = await owner.upload(account, "a.csv", f"Date,Payee,Amount\n2026-02-01,{CANARY},-1.00\n".encode())
    scenario = await owner.post("/forecast/scenarios", {"name": CANARY, "note": CANARY})
    invitation = await owner.http.post(
        f"/books/{owner.book_id}/invitations", json={"email": f"{uuid4().hex}@example.org", "role": "viewer"}
    )
    assert invitation.status_code == 201
    events = await owner.get("/ledger/events", limit=1)
    rate = await owner.post("/rates", {"base": "EUR", "quote": "USD", "date": "2026-02-01", "rate": "1.08"})
    attached = await owner.http.post(
        f"/transactions/{transaction['id']}/attachments", files={"file": (f"{CANARY}.txt", CANARY.encode())}
    )
    assert attached.status_code == 201
    source = await owner.post("/income/sources", {"name": CANARY, "type": "salary", "currency": "EUR"})
    habit = await owner.post("/habits", {"name": CANARY, "unit_cost_minor": 450, "currency": "EUR"})
    log = await owner.post(f"/habits/{habit['id']}/log", {"date": "2026-02-03", "note": CANARY})
    goal = await owner.post("/savings/goals", {"name": CANARY, "target_minor": 100_000, "note": CANARY})
    contribution = await owner.post(
        f"/savings/goals/{goal['id']}/contribute", {"amount_minor": 5}, status=202
    )
    sessions = await owner.get("/auth/sessions")
    profile = await owner.get("/user/profile")
    return {
        "account_id": account["id"],
        "reconciliation_id": reconciliation["id"],
        "pot_id": pot["id"],
        "valuation_id": valuation["id"],
        "transaction_id": transaction["id"],
        "event_id": events["items"][0]["event_id"],
        "related_transaction_id": transaction["id"],
        "category_id": keys["groceries"],
        "parent_id": keys["groceries"],
        "payee_id": transaction["payee_id"],
        "plan_id": plan["id"],
        "import_id": upload["id"],
        "attachment_id": attached.json()["id"],
        "rate_id": rate["id"],
        "income_source_id": source["id"],
        "habit_id": habit["id"],
        "log_id": log["id"],
        "allocation_id": allocation["id"],
        "scenario_id": scenario["id"],
        "from_category_id": keys["groceries"],
        "to_category_id": keys["dining"],
        "goal_id": goal["id"],
        "contribution_id": contribution["id"],
        "month": MONTH,
        "book_id": owner.book_id,
        "user_id": profile["id"],
        "session_id": sessions["items"][0]["id"],
        "invitation_id": invitation.json()["id"],
    }
