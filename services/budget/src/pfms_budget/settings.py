"""Settings of the budget, from BUDGET_… variables."""

from pydantic_settings import SettingsConfigDict

from pfms_common.settings import ServiceSettings


class BudgetSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="BUDGET_", extra="ignore", frozen=True)
