"""Speaking to a running PFMS as a person does: signed in, patient where it is busy, its refusals in words."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx

from pfms_embedded.terminal import Terminal

TRIES = 6
MOST_WAIT_SECONDS = 30
_LATER = {429, 503}


class Told(Exception):
    """It can't be done; the text says why, to a person."""


@dataclass
class Client:
    """`credentials`: for signing in again when the access token has run out; None with a token that was given."""

    http: httpx.Client
    credentials: Mapping[str, str] | None = None
    reached: bool = False

    def ask(self, method: str, path: str, *, file: Path | None = None, **request: Any) -> Any:
        """The answer's JSON. Asks again where PFMS says later: so a POST that creates needs its Idempotency-Key.

        Raises:
            Told: PFMS refused, or can't be reached.
        """
        renewed = False
        for attempt in range(TRIES):
            try:
                response = self._send(method, path, file, request)
            except httpx.TransportError as error:
                if not self.reached or attempt == TRIES - 1:
                    raise Told(
                        f"PFMS does not answer at {self.http.base_url} ({error or type(error).__name__}):"
                        " start it with `make run`, or name its address with --url"
                    ) from error
                time.sleep(1)
                continue
            self.reached = True
            if response.status_code == 401 and self.credentials and not renewed and path != "/auth/login":
                renewed = True
                self.sign_in()
            elif response.status_code in _LATER and attempt < TRIES - 1:
                time.sleep(min(int(response.headers.get("Retry-After", "1")), MOST_WAIT_SECONDS))
            elif response.is_success:
                return response.json() if response.content else None
            else:
                raise Told(_words_of(response))
        raise Told("PFMS does not accept the sign-in any more.")

    def _send(self, method: str, path: str, file: Path | None, request: dict[str, Any]) -> httpx.Response:
        if file is None:
            return self.http.request(method, path, **request)
        with file.open("rb") as content:
            return self.http.request(method, path, files={"file": (file.name, content)}, **request)

    def sign_in(self) -> None:
        token = self.ask("POST", "/auth/login", json=self.credentials)["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"


def sign_in(http: httpx.Client, at: Terminal) -> Client:
    """By PFMS_TOKEN, else by PFMS_EMAIL and PFMS_PASSWORD, which are asked for where they are not set.

    A password is no argument of a command: every process of the machine could read it there.
    """
    token = os.environ.get("PFMS_TOKEN")
    if token:
        http.headers["Authorization"] = f"Bearer {token}"
        return Client(http)
    email, password = os.environ.get("PFMS_EMAIL"), os.environ.get("PFMS_PASSWORD")
    if not (email and password) and not at.attended:
        raise Told("sign in with PFMS_TOKEN, or PFMS_EMAIL and PFMS_PASSWORD, in the environment")
    email = email or at.ask("E-mail: ")
    password = password or at.ask_secret(f"Password of {email}: ")
    client = Client(http, {"email": email, "password": password})
    client.sign_in()
    return client


def one_of(items: list[dict[str, Any]], wanted: str, what: str) -> dict[str, Any]:
    """The one that has this id or, regardless of case, this name."""
    found = [item for item in items if item["id"] == wanted]
    found = found or [item for item in items if item["name"].casefold() == wanted.casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(item["id"] for item in found)
        raise Told(f"there are {len(found)} {what}s named {wanted!r}; give one's id: {ids}")
    names = ", ".join(item["name"] for item in items[:30]) or "none"
    raise Told(f"there is no {what} {wanted!r}; there are: {names}")


def _words_of(response: httpx.Response) -> str:
    try:
        problem = response.json()
    except ValueError:
        return f"PFMS answered {response.status_code}"
    errors = problem.get("errors") or {}
    said = "".join(f"\n  {path}: {'; '.join(messages)}" for path, messages in errors.items())
    return f"{problem.get('detail') or problem.get('title')}{said}"
