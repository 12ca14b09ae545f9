"""A service's database addresses, made from the administrator's."""

from collections.abc import Callable
from urllib.parse import urlsplit


def database_urls(admin_url: str, service: str, password_for: Callable[[str], str]) -> dict[str, str]:
    """Setting → address on the same server, each with its own role: app serves, relay finds work, owner migrates."""
    admin = urlsplit(admin_url)
    server = admin.netloc.rpartition("@")[2]

    def url(role: str) -> str:
        login = f"{role}:{password_for(role)}"
        return admin._replace(netloc=f"{login}@{server}", path=f"/pfms_{service}").geturl()

    return {
        "database_url": url(f"{service}_app"),
        "relay_database_url": url(f"{service}_relay"),
        "owner_database_url": url(f"{service}_owner"),
    }
