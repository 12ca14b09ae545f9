"""Settings of the ledger, from LEDGER_… variables."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from pfms_common.settings import ServiceSettings


class LedgerSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="LEDGER_", extra="ignore", frozen=True)

    attachments: str = Field(
        "",
        description="where attached files are kept: a folder, or s3://bucket/folder; empty: none are taken",
    )
    s3_endpoint: str = Field("", description="address of the S3 API; empty: AWS's in the region")
    s3_region: str = Field("us-east-1", description="region that requests are signed for")
    s3_key_id: SecretStr = Field(SecretStr(""), description="access key of the bucket")
    s3_secret_key: SecretStr = Field(SecretStr(""), description="its secret")
