"""Settings of auth, from AUTH_… variables."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from pfms_common.settings import MissingSetting, ServiceSettings


class AuthSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="AUTH_", extra="ignore", frozen=True)

    keys_dir: str = Field("", description="folder of auth's own keys; they are made there at the first start")
    mailbox_dir: str = Field("", description="folder where mails are left as .eml files")
    public_url: str = Field(
        "http://127.0.0.1:8080", description="where people reach the product; mails link there"
    )
    access_token_seconds: int = Field(600, ge=5, le=3600, description="life of an access token")
    minimum_password_length: int = Field(12, ge=12, le=64, description="characters a new password must have")
    hot_pool_size: int = Field(
        1, description="asyncpg connections; auth's are for one-statement look-ups, the rest is SQLAlchemy's"
    )
    require_verified: bool | None = Field(
        None, description="refuse sign-in before the address is verified; unset: only where env is prod"
    )

    @property
    def refuses_unverified(self) -> bool:
        return self.env == "prod" if self.require_verified is None else self.require_verified

    @property
    def shows_mailbox(self) -> bool:
        """Whoever sees the mailbox page can take over every account: it is for development."""
        return self.env != "prod"

    def folder(self, name: str) -> str:
        """A required folder; refuses with the variable's name when it is missing."""
        value: str = getattr(self, name)
        if not value:
            raise MissingSetting(f"set AUTH_{name.upper()}: {type(self).model_fields[name].description}")
        return value
