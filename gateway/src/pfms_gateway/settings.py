"""What the gateway is told; every variable begins with GATEWAY_."""

from ipaddress import IPv4Network, IPv6Network

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_LIMITS = {"user": 100, "anonymous": 100, "sign-in": 20, "refresh": 60, "imports": 30}


class GatewaySettings(BaseSettings):
    """Built once at the entry and handed down."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: int = 8080
    upstreams: dict[str, str] = Field(
        default_factory=dict, description='JSON, service → address: {"auth": "http://127.0.0.1:3001", …}'
    )
    redis_url: SecretStr = Field(
        SecretStr(""), description="shared by all gateways and auth; empty: limits are kept per process"
    )
    broker_url: SecretStr = Field(
        SecretStr(""),
        description="RabbitMQ, for live updates; empty: this gateway passes on what another one hears",
    )
    redis_prefix: str = Field("", pattern=r"^\S*$", description="put before every Redis key")
    limits: dict[str, int] = Field(
        default_factory=dict,
        description='requests a minute, which may come at once, by class: {"user": 100}; "*" sets all classes',
    )
    limit_pass: SecretStr = Field(
        SecretStr(""), description="a request that shows it as X-Limit-Pass is not limited; empty: none is"
    )
    replicas: int = Field(1, ge=1, description="how many gateways share the limits while Redis is away")
    exchanges: int = Field(64, ge=1, description="requests in flight per service")
    timeout: float = Field(15, gt=0, description="seconds a service has to begin its answer")
    cors_origins: list[str] = Field(default_factory=list, description="origins of other sites' pages, exact")
    trusted_proxies: list[IPv4Network | IPv6Network] = Field(
        default_factory=list, description="networks whose X-Forwarded-For tells the client's address"
    )
    log_level: str = "INFO"

    @field_validator("limits")
    @classmethod
    def _known_classes(cls, limits: dict[str, int]) -> dict[str, int]:
        unknown = set(limits) - set(DEFAULT_LIMITS) - {"*"}
        if unknown or any(limit < 1 for limit in limits.values()):
            raise ValueError(f"classes are {sorted(DEFAULT_LIMITS)} or *, each at least 1 a minute")
        every = limits.get("*")
        base = dict.fromkeys(DEFAULT_LIMITS, every) if every else DEFAULT_LIMITS
        return {name: limits.get(name, base[name] or 1) for name in DEFAULT_LIMITS}

    @field_validator("cors_origins")
    @classmethod
    def _exact_origins(cls, origins: list[str]) -> list[str]:
        for origin in origins:
            scheme, _, rest = origin.partition("://")
            if scheme not in {"http", "https"} or not rest or "*" in rest or "/" in rest:
                raise ValueError(f"an origin is scheme://host[:port], without * or path, not {origin!r}")
        return origins
