"""What the gateway's settings accept."""

import pytest
from pydantic import ValidationError

from pfms_gateway.settings import GatewaySettings


def test_limits_given_replace_single_defaults(monkeypatch):
    monkeypatch.setenv("GATEWAY_LIMITS", '{"user": 500}')
    limits = GatewaySettings().limits

    assert (limits["user"], limits["sign-in"]) == (500, 20)


def test_a_star_sets_every_class_but_those_named():
    limits = GatewaySettings(limits={"*": 9000, "imports": 2}).limits

    assert limits == {"user": 9000, "anonymous": 9000, "sign-in": 9000, "refresh": 9000, "imports": 2}


def test_the_defaults_are_complete():
    assert GatewaySettings().limits["user"] == 100


@pytest.mark.parametrize("limits", [{"users": 5}, {"user": 0}, {"user": -1}])
def test_a_limit_that_means_nothing_is_refused(limits):
    with pytest.raises(ValidationError):
        GatewaySettings(limits=limits)


@pytest.mark.parametrize(
    "origin", ["*", "null", "https://*.example", "app.example", "https://app.example/", "ftp://a"]
)
def test_an_origin_that_is_not_exact_is_refused(origin):
    with pytest.raises(ValidationError):
        GatewaySettings(cors_origins=[origin])


def test_upstreams_are_read_as_json(monkeypatch):
    monkeypatch.setenv("GATEWAY_UPSTREAMS", '{"auth": "http://auth:3001"}')

    assert GatewaySettings().upstreams == {"auth": "http://auth:3001"}
