"""Settings: one class per service with its own prefix, built once at the entry and handed down."""

from typing import Any

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """What every service is told. A subclass sets its `env_prefix` and adds its own.

    A role whose address is missing refuses to start and names the variable.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    env: str = Field("dev", description="`prod` refuses default secrets")
    database_url: SecretStr = Field(SecretStr(""), description="the app role's PostgreSQL address")
    relay_database_url: SecretStr = Field(SecretStr(""), description="the relay role's PostgreSQL address")
    owner_database_url: SecretStr = Field(
        SecretStr(""), description="the owner's address; only `migrate` uses it"
    )
    broker_url: SecretStr = Field(
        SecretStr(""), description="AMQP address; empty: events stay in this process"
    )
    redis_url: SecretStr = Field(SecretStr(""), description="Redis address")
    peers: dict[str, str] = Field(default_factory=dict, description="service name → base address of its API")
    feeds: dict[str, str] = Field(default_factory=dict, description="service name → base address of its feed")
    service_key_file: str = Field("", description="this service's private JWK (Ed25519), for calls to others")
    service_public_keys: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="service name → public JWK"
    )
    cursor_secret: SecretStr = Field(SecretStr(""), description="signs list cursors; at least 32 characters")
    hot_pool_size: int = Field(0, description="asyncpg connections; 0: three quarters of the service's share")
    core_pool_size: int = Field(0, description="SQLAlchemy connections; 0: a quarter of the service's share")
    log_level: str = "INFO"

    def address(self, name: str) -> str:
        """A required address; refuses with the variable's name when it is missing."""
        value: SecretStr = getattr(self, name)
        if not value.get_secret_value():
            prefix = str(self.model_config.get("env_prefix", ""))
            raise MissingSetting(f"set {prefix}{name.upper()}: {type(self).model_fields[name].description}")
        return value.get_secret_value()


class MissingSetting(SystemExit):
    """A role cannot start without this setting; the message names the variable."""
