"""What every refusal looks like: a problem document (RFC 9457) that helps to send the request again, corrected."""

import re
from typing import Any

from pfms_common.problem import COMMON, METHOD_NOT_ALLOWED
from pfms_ledger.app import SERVICE

CODES = {problem.code for problem in (*COMMON.values(), *SERVICE.errors.values(), METHOD_NOT_ALLOWED)}
ALWAYS = {"type", "title", "status", "code", "detail", "instance", "errors", "timestamp", "request_id"}
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def problem_of(response: Any, *known: str) -> dict[str, Any]:
    """The document, once it is as the API's conventions say and names only fields that there are.

    Args:
        known: what the request has or lacks: fields of its body, headers, parameters.
    """
    problem: dict[str, Any] = response.json()
    assert 400 <= response.status_code < 500, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert problem.keys() >= ALWAYS
    assert problem["status"] == response.status_code
    assert problem["code"] in CODES
    assert problem["type"] == f"urn:pfms:problem:{problem['code']}"
    assert problem["title"]
    assert problem["detail"]
    assert problem["instance"] == response.request.url.path
    assert _INSTANT.fullmatch(problem["timestamp"])
    assert problem["request_id"] == response.headers["X-Request-Id"]
    for path, messages in problem["errors"].items():
        assert path.partition(".")[0] in known, f"{path} is nothing the request has"
        assert messages
        assert all(isinstance(message, str) and message for message in messages)
    return problem


def corrected(problem: dict[str, Any], sent: dict[str, Any], meant: dict[str, Any]) -> dict[str, Any]:
    """What a client sends next: what was kept of its input, the fields that the problem names as they were meant."""
    kept = problem.get("preserved_input")
    if kept is None or not problem["errors"]:
        return meant
    assert kept.items() <= sent.items(), "more or other than was sent"
    wrong = {path.partition(".")[0] for path in problem["errors"]}
    if "body" in wrong:
        return meant
    right = {name: value for name, value in kept.items() if name not in wrong}
    return right | {name: meant[name] for name in wrong if name in meant}
