from pfms_embedded.addresses import database_urls


def test_each_role_gets_its_own_address_on_the_same_server() -> None:
    urls = database_urls("postgresql://postgres:pw@db:5433/postgres?sslmode=require", "ledger", str.upper)

    assert urls == {
        "database_url": "postgresql://ledger_app:LEDGER_APP@db:5433/pfms_ledger?sslmode=require",
        "relay_database_url": "postgresql://ledger_relay:LEDGER_RELAY@db:5433/pfms_ledger?sslmode=require",
        "owner_database_url": "postgresql://ledger_owner:LEDGER_OWNER@db:5433/pfms_ledger?sslmode=require",
    }


def test_a_server_behind_a_socket_keeps_its_folder() -> None:
    urls = database_urls("postgresql://pfms:pw@/postgres?host=/tmp/pfms-1&port=5432", "auth", str.upper)

    assert urls["database_url"] == "postgresql://auth_app:AUTH_APP@/pfms_auth?host=/tmp/pfms-1&port=5432"
