"""The OpenAPI document reads like documentation."""

import pytest

from pfms_auth.app import SERVICE
from pfms_service.app import build_app

DOCUMENT = build_app(SERVICE).openapi()
OPERATIONS = [
    (method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
PUBLIC = {
    "/auth/register",
    "/auth/login",
    "/auth/refresh",
    "/auth/verify-email",
    "/auth/verify-email/resend",
    "/auth/password-reset",
    "/auth/password-reset/confirm",
    "/auth/jwks",
    "/mailbox",
    "/mailbox/messages",
}


def test_every_operation_has_a_summary_and_a_tag():
    assert OPERATIONS
    assert all(operation["summary"] and operation["tags"] for _, _, operation in OPERATIONS)


def test_exactly_the_routes_before_sign_in_are_public():
    assert {path for _, path, operation in OPERATIONS if "security" not in operation} == PUBLIC


@pytest.mark.parametrize("name", sorted(set(DOCUMENT["components"]["schemas"]) - {"Problem"}))
def test_every_field_is_described(name):
    schema = DOCUMENT["components"]["schemas"][name]
    described = {field: "description" in told for field, told in schema.get("properties", {}).items()}

    assert all(described.values()), described
