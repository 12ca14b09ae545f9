from uuid import uuid4

import pytest
from pydantic import ValidationError

from pfms_events.contracts import MODELS, PRODUCERS, auth
from pfms_events.contracts.ledger.account import Account, AccountCreated
from pfms_events.contracts.ledger.payee import PayeeCreated
from pfms_events.contracts.ledger.transaction import Side, Split, TransactionCreated
from pfms_events.event import DuplicateContractError, catalogue, derived_id
from pfms_events.topology import exchange_of


class TestContracts:
    def test_a_second_class_of_the_same_type_and_version_is_refused(self) -> None:
        class Twin(Account):
            EVENT = "account.created"

        with pytest.raises(DuplicateContractError, match=r"account\.created v1"):
            catalogue((AccountCreated, Twin))

    def test_a_new_version_stands_beside_the_old(self) -> None:
        class Later(Account):
            EVENT = "account.created"
            SCHEMA_VERSION = 2

        models = catalogue((AccountCreated, Later))

        assert models["account.created", 1] is AccountCreated
        assert models["account.created", 2] is Later

    def test_every_contract_is_listed_once_and_has_an_exchange(self) -> None:
        listed = [event for events in PRODUCERS.values() for event in events]

        assert len(MODELS) == len(listed)
        assert {exchange_of(event.EVENT) for event in listed} == {
            "user.events",
            "financial.events",
            "analytics.events",
        }

    def test_an_unknown_field_is_ignored_so_that_producers_may_add_some(self) -> None:
        payee = PayeeCreated.model_validate({"id": uuid4(), "name": "Shop", "since": "2026"})

        assert payee.name == "Shop"

    @pytest.mark.parametrize("amount", ["12", 10.0, True])
    def test_an_amount_is_an_integer_and_nothing_that_looks_like_one(self, amount: object) -> None:
        with pytest.raises(ValidationError):
            Split.model_validate({"id": uuid4(), "amount_minor": amount})

    def test_a_transfer_says_from_and_to(self) -> None:
        side = Side(account_id=uuid4(), amount_minor=5, currency="EUR")
        assert (
            b'"from":{"account_id"'
            in TransactionCreated(
                id=uuid4(),
                type="transfer",
                kind="transfer",
                status="cleared",
                date="2026-01-31",
                amount_minor=5,
                currency="EUR",
                from_=side,
                to=side,
            ).to_json()
        )

    def test_no_user_event_has_room_for_a_name_or_an_address(self) -> None:
        fields = (
            set(auth.User.model_fields)
            | set(auth.Member.model_fields)
            | set(auth.SessionStarted.model_fields)
        )

        assert not fields & {"name", "display_name", "email", "phone", "address", "device"}


def test_a_derived_fact_has_one_aggregate_per_subject_and_type() -> None:
    subject = uuid4()

    assert derived_id(subject, "balance.low") == derived_id(subject, "balance.low")
    assert derived_id(subject, "balance.low") != derived_id(subject, "recurring.due")
