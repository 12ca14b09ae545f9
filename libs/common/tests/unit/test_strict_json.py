"""JSON with one meaning: what two readers could take differently is refused, and never by an accident."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_common.problem import Invalid
from pfms_common.web import parse_json

REFUSED = {
    "duplicate members": b'{"a": 1, "a": 2}',
    "a duplicate deep inside": b'{"x": [{"a": 1, "a": 1}]}',
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "a NUL": b'{"a": "x\\u0000y"}',
    "a control character": b'{"a": "\\u001b[2J"}',
    "a bell by its short name": b'{"a": "\\b"}',
    "a carriage return": b'{"a": "\\r"}',
    "half of a surrogate pair": b'{"a": "\\ud800"}',
    "the other half": b'{"a": "\\uDC00"}',
    "a control character in a name": b'{"\\u0001": 1}',
    "no UTF-8": b'{"a": "\xff"}',
    "a raw control character": b'{"a": "\x01"}',
    "nothing": b"",
    "half an object": b'{"a": ',
    "two values": b"1 2",
    "five thousand digits": b"9" * 5000,
    "depth 33": b"[" * 33 + b"]" * 33,
    "depth 100,000": b"[" * 100_000,
    "depth of objects": b'{"a":' * 33 + b"1" + b"}" * 33,
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_what_has_no_single_meaning_is_refused(body):
    with pytest.raises(Invalid) as refused:
        parse_json(body)

    (named,) = refused.value.errors
    assert named in {"body", "a"}


def test_text_that_no_person_writes_is_refused_by_its_field():
    with pytest.raises(Invalid) as refused:
        parse_json(b'{"payee": "x", "splits": [{"memo": "x"}, {"memo": "x\\u0000y"}]}')

    assert list(refused.value.errors) == ["splits.1.memo"]


def test_brackets_in_text_are_no_depth():
    assert parse_json(json.dumps({"a": "[" * 500 + '"' + "{" * 500}).encode())["a"].startswith("[[[")


def test_depth_32_and_newline_and_tab_are_taken():
    assert parse_json(b"[" * 32 + b"]" * 32) is not None
    assert parse_json(b'{"a": "line\\none\\ttab"}') == {"a": "line\none\ttab"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(alphabet=st.characters(min_codepoint=32)),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet="abc"), inner, max_size=3)
        ),
        max_leaves=20,
    )
)
def test_ordinary_json_is_read_as_it_was_written(value):
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)
        try:
            read = parse_json(text.encode("utf-8", "surrogatepass"))
        except Invalid:
            assert (
                any(0xD800 <= ord(c) <= 0xDFFF or ord(c) < 32 for c in json.loads(text).__repr__())
                or "\\u" in text
            )
        else:
            assert read == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body):
    with contextlib.suppress(Invalid):
        parse_json(body)
