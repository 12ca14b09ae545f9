from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_ledger.bankfiles.dates import Order, day, parts_of, possible_orders

TODAY = date(2026, 11, 21)


def read(text: str, order: Order = "dmy") -> date | None:
    parts = parts_of(text)
    return day(parts, order, TODAY) if parts else None


@pytest.mark.parametrize(
    "text",
    ["2024-02-29", "2024/2/29", "2024.02.29", "2024. 02. 29.", "20240229", "20240229101112", "29.02.2024", "29.2.24",
     "29-Feb-2024", "29 Feb 24", "29. Februar 2024", "29 févr. 2024", "29 de febrero de 2024", "29 lutego 2024",
     "29 февраля 2024", "Feb 29, 2024", "2024年2月29日", "2024년 2월 29일", "2024/02/29(木)", "2024-02-29T23:59:59Z",
     "2024-02-29 23:59:59 +13:00", "29/02/2024 11:59 PM", "Thu 29/02/2024", "29022024", "٢٠٢٤-٠٢-٢٩"],
)  # fmt: skip
def test_a_day_is_read_as_banks_write_it_and_never_moved_by_its_time(text: str) -> None:
    assert read(text) == date(2024, 2, 29)


@pytest.mark.parametrize(
    "text",
    ["", "Pending", "12.34", "1234", "29/02", "30.02.2024", "2024-13-01", "29 Foo 2024", "99999999", "1.2.3.4",
     "10:11:12", "2024-02-29 and more", "1899-12-31", "2037-01-01", "123456789012", "Feb 2024", "1/2/345"],
)  # fmt: skip
def test_anything_else_is_no_day(text: str) -> None:
    assert read(text) is None


def test_two_digits_of_a_year_reach_ten_years_ahead() -> None:
    assert read("01.01.36") == date(2036, 1, 1)
    assert read("01.01.37") == date(1937, 1, 1)


@pytest.mark.parametrize(
    ("column", "orders"),
    [
        (["01/02/2024", "13/02/2024"], ["dmy"]),
        (["01/02/2024", "02/13/2024"], ["mdy"]),
        (["01/02/2024", "03/04/2024"], ["dmy", "mdy"]),
        (["01/02/2026", "12/01/2026"], ["dmy"]),
        (["05/05/2024"], ["dmy"]),
        (["01.02.2024"], ["dmy"]),
        (["01.02.24"], ["dmy"]),
        (["24/12/31"], ["ymd"]),
        (["13/02/2024", "02/13/2024"], ["dmy", "mdy"]),
        (["2024-01-02"], ["ymd"]),
        (["31/02/2024"], []),
        (["10-Nov-9", "09-Nov-11"], ["dmy", "ymd"]),
        ([], []),
    ],
)
def test_the_order_is_decided_over_the_whole_column_or_left_open(
    column: list[str], orders: list[str]
) -> None:
    found = [parts for text in column if (parts := parts_of(text))]

    assert possible_orders(found, TODAY) == orders


def test_two_digit_years_may_lead_where_headers_are_east_asian() -> None:
    parts = parts_of("18/02/22")
    assert parts is not None

    assert possible_orders([parts], TODAY, year_first=True) == ["dmy", "ymd"]


@given(st.lists(st.dates(date(1990, 1, 1), TODAY), min_size=1, max_size=40), st.sampled_from(["dmy", "mdy"]))
def test_the_order_a_column_was_written_in_is_never_ruled_out(days: list[date], order: Order) -> None:
    pattern = "%d/%m/%Y" if order == "dmy" else "%m/%d/%Y"
    found = [parts for each in days if (parts := parts_of(each.strftime(pattern)))]

    left = possible_orders(found, TODAY)

    assert [each for each in left if [day(parts, each, TODAY) for parts in found] == days]


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    parts = parts_of(text)

    assert parts is None or day(parts, "dmy", TODAY) is None or isinstance(day(parts, "dmy", TODAY), date)
