"""Where an embedded run is: addresses, passwords and keys, and what they make of a service's settings."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pfms_common.settings import ServiceSettings
from pfms_embedded.addresses import database_urls
from pfms_embedded.keys import Keys
from pfms_embedded.services import SERVICES
from pfms_service.service import Service


@dataclass(frozen=True, slots=True)
class Place:
    """One home folder with its servers, running."""

    home: Path
    port: int
    admin_url: str
    redis_url: str
    password_for: Callable[[str], str]
    keys: Keys


def settings_of(service: Service, place: Place) -> ServiceSettings:
    """A service's settings here; its variables in the environment win where they say more."""
    name, keys = service.name, place.keys
    told: dict[str, Any] = {
        **database_urls(place.admin_url, name, place.password_for),
        "redis_url": place.redis_url,
        "service_key_file": str(keys.service_key_file(name)),
        "service_public_keys": keys.public_keys(service.name for service in SERVICES),
        "cursor_secret": keys.secret(f"{name}-cursor"),
        "keys_dir": str(keys.auth),
        "attachments": str(place.home / "attachments"),
        "mailbox_dir": str(place.home / "mailbox"),
        "public_url": f"http://127.0.0.1:{place.port}",
    }
    prefix = str(service.settings.model_config.get("env_prefix", ""))
    # An argument wins over the environment in pydantic-settings, so what the environment says is left out here.
    unsaid = {field: value for field, value in told.items() if f"{prefix}{field}".upper() not in os.environ}
    return service.settings(**unsaid)
