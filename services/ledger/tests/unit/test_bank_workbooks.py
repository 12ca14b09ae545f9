"""Workbooks: their cells become the rows a table of text would have, and nothing in them can grow without bound."""

import struct
import zipfile
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from services.ledger.tests.unit.workbooks import packed, parts_of, xls, xlsx, xlsx_with

from pfms_ledger.bankfiles import xls as old
from pfms_ledger.bankfiles.cells import EPOCH_1900, EPOCH_1904, day_text, is_date_format, number_text
from pfms_ledger.bankfiles.reading import read
from pfms_ledger.bankfiles.statement import (
    AccountFacts,
    MappingDoesNotFit,
    Reading,
    StatementRow,
    UnreadableFile,
)

TODAY = date(2026, 11, 21)
HEADER = ["Date", "Text", "Amount"]
ROWS = [
    [date(2024, 3, 28), "Bakery", -23.45],
    [datetime(2024, 3, 29, 23, 59, 59), "Employer", 1000],  # noqa: DTZ001  # a cell has no zone
    [date(2024, 3, 30), "Kiosk", -0.1],
]


def shared() -> bytes:
    """A workbook with a text that is shared, in pieces, with how to speak it; and an escaped line break."""
    parts = parts_of(xlsx(Bank=[HEADER, *ROWS], Other=[["no", 1, time(1, 2)]]))
    sheet = parts["xl/worksheets/sheet1.xml"]
    sheet = sheet.replace(b't="inlineStr"><is><t>Bakery</t></is>', b't="s"><v>1</v>')
    sheet = sheet.replace(b"<t>Employer</t>", b"<r><t>Em_x000D_</t></r><r><t>ployer</t></r>")
    texts = b"<sst><si><t>x</t></si><si><r><t>To</t></r><r><t>kyo</t></r><rPh><t>no</t></rPh></si></sst>"
    relation = b'<Relationship Type="x/sharedStrings" Target="sharedStrings.xml" Id="r9"/></Relationships>'
    relations = parts["xl/_rels/workbook.xml.rels"].replace(b"</Relationships>", relation)
    return packed(
        parts
        | {
            "xl/worksheets/sheet1.xml": sheet,
            "xl/sharedStrings.xml": texts,
            "xl/_rels/workbook.xml.rels": relations,
        }
    )


SHARED = shared()


def reading_of(content: bytes, currency: str = "EUR", **more: object) -> Reading:
    return read(BytesIO(content), today=TODAY, account=AccountFacts(currency), **more)  # type: ignore[arg-type]


def rows_of(content: bytes, currency: str = "EUR", **more: object) -> list[StatementRow]:
    reading = reading_of(content, currency, **more)
    assert reading.questions == []
    return [row for batch in reading.batches() for row in batch]


def refused(content: bytes) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as refusal:
        reading_of(content)
    return refusal.value


class TestCells:
    @given(st.decimals(-(10**12), 10**12, places=2))
    @settings(max_examples=300)
    def test_an_amount_kept_as_a_binary_number_comes_back_to_the_cent(self, amount: Decimal) -> None:
        assert Decimal(number_text(repr(float(amount)))) == amount

    @pytest.mark.parametrize(
        ("written", "text"),
        [("1.1000000000000001", "1.1"), ("0.30000000000000004", "0.3"), ("1E3", "1000"), ("12.345", "12.3450"),
         ("20240328000123456", "20240328000123456"), ("-0.005", "-0.0050"), ("NaN", "NaN"), ("1e999", "1e999")],
    )  # fmt: skip
    def test_a_number_is_written_out_so_that_it_reads_one_way_only(self, written: str, text: str) -> None:
        assert number_text(written) == text

    @pytest.mark.parametrize(
        ("serial", "epoch", "text"),
        [("45379", EPOCH_1900, "2024-03-28"), ("45379.9999999999", EPOCH_1900, "2024-03-29"),
         ("45379.999988425923", EPOCH_1900, "2024-03-28 23:59:59"), ("1", EPOCH_1900, "1900-01-01"),
         ("59", EPOCH_1900, "1900-02-28"), ("60", EPOCH_1900, "60"), ("61", EPOCH_1900, "1900-03-01"),
         ("0.5", EPOCH_1900, "12:00:00"), ("43917", EPOCH_1904, "2024-03-28"), ("-1", EPOCH_1900, "-1")],
    )  # fmt: skip
    def test_a_day_is_counted_from_the_epoch_of_its_workbook(
        self, serial: str, epoch: date, text: str
    ) -> None:
        assert day_text(serial, epoch) == text

    @pytest.mark.parametrize(
        ("code", "shows_a_day"),
        [("yyyy-mm-dd", True), ("[$-407]d. mmmm yyyy", True), ("dd.mm.yyyy;@", True), ("h:mm:ss.000", True),
         ("#,##0.00", False), ('0.00" days"', False), ("General", False), ("[Red]-0.00", False),
         ("#,##0.00\\ \\d", False), ("0.00E+00", False), ("@", False)],
    )  # fmt: skip
    def test_a_number_format_tells_days_from_numbers(self, code: str, shows_a_day: bool) -> None:
        assert is_date_format(164, code) is shows_a_day


class TestWorkbooks:
    def test_a_sheet_is_read_as_the_table_it_holds(self) -> None:
        rows = rows_of(xlsx(Bank=[["Statement of March"], HEADER, *ROWS]))

        assert [(row.row, row.date, row.amount_minor, row.payee) for row in rows] == [
            (3, date(2024, 3, 28), -2345, "Bakery"),
            (4, date(2024, 3, 29), 100000, "Employer"),
            (5, date(2024, 3, 30), -10, "Kiosk"),
        ]

    def test_an_old_workbook_is_read_alike(self) -> None:
        table = [HEADER, *([(45379.0, "date"), "Bäcker", -12.34] for _ in range(3))]

        rows = rows_of(xls(table))
        four_years_on = rows_of(xls(table, datemode=1))

        assert [(row.date, row.amount_minor, row.payee) for row in rows] == [
            (date(2024, 3, 28), -1234, "Bäcker")
        ] * 3
        assert {row.date for row in four_years_on} == {date(2028, 3, 29)}

    def test_days_count_from_1904_where_the_workbook_says_so(self) -> None:
        def mac(book: Workbook) -> None:
            book.epoch = CALENDAR_MAC_1904

        assert rows_of(xlsx_with(mac, Bank=[HEADER, *ROWS]))[0].date == date(2024, 3, 28)

    def test_an_amount_with_more_decimals_than_its_currency_is_an_error_never_thousands(self) -> None:
        rows = rows_of(xlsx(Bank=[HEADER, *ROWS, [date(2024, 3, 31), "Broker", -12.345]]))

        assert [row.error is None for row in rows] == [True, True, True, False]
        assert "more decimals" in str(rows[3].error)

    def test_amounts_and_days_may_be_text(self) -> None:
        table = [
            HEADER,
            ["28.03.2024", "A", "-1.234,56"],
            ["31.03.2024", "B", "-2,00"],
            ["29.03.2024", "C", "3,10"],
        ]

        assert [row.amount_minor for row in rows_of(xlsx(Bank=table))] == [-123456, -200, 310]

    def test_a_currency_that_the_cells_show_is_taken_at_its_word(self) -> None:
        def dollars(book: Workbook) -> None:
            for (cell,) in book["Bank"]["C2:C4"]:
                cell.number_format = "[$$-409]#,##0.00"

        content = xlsx_with(dollars, Bank=[HEADER, *ROWS])

        assert refused(content).reason == "other_currency"
        assert [row.amount_minor for row in rows_of(content, "USD")] == [-2345, 100000, -10]

    def test_texts_come_whole_from_every_place_a_workbook_keeps_them(self) -> None:
        assert [row.payee for row in rows_of(SHARED)] == ["Tokyo", "Em ployer", "Kiosk"]

    def test_rows_and_cells_may_go_without_their_place(self) -> None:
        parts = parts_of(xlsx(Bank=[HEADER, *ROWS]))
        name = "xl/worksheets/sheet1.xml"
        bare = parts[name]
        for reference in (f'{letter}{line}"' for letter in "ABC" for line in range(1, 5)):
            bare = bare.replace(f' r="{reference}'.encode(), b"")

        assert rows_of(packed(parts | {name: bare})) == rows_of(packed(parts))


class TestSheets:
    TWO = xlsx(Notes=[["About", "this"]], Giro=[HEADER, *ROWS], Card=[HEADER, ROWS[0]])

    def test_the_one_sheet_with_rows_is_taken(self) -> None:
        assert len(rows_of(xlsx(Notes=[["About", "this"]], Giro=[HEADER, *ROWS]))) == 3

    def test_which_of_several_is_asked_and_the_answer_is_its_name(self) -> None:
        asked = reading_of(self.TWO)

        answered = reading_of(self.TWO, mapping={"sheet": "Giro"})

        assert [(question.field, question.options) for question in asked.questions] == [
            ("sheet", ["Giro", "Card"])
        ]
        assert len(list(answered.rows())) == 3
        assert asked.shape == answered.shape
        assert len(rows_of(self.TWO, mapping=answered.mapping)) == 3

    def test_a_hidden_sheet_is_not_asked_about(self) -> None:
        def hide(book: Workbook) -> None:
            book["Card"].sheet_state = "hidden"

        assert len(rows_of(xlsx_with(hide, Giro=[HEADER, *ROWS], Card=[HEADER, ROWS[0]]))) == 3

    @pytest.mark.parametrize(
        "mapping", [{"sheet": "Depot"}, {"sheet": 1}, {"encoding": "utf-8"}, {"delimiter": ";"}]
    )
    def test_a_mapping_that_speaks_of_another_file_is_refused(self, mapping: dict[str, object]) -> None:
        with pytest.raises(MappingDoesNotFit):
            reading_of(self.TWO, mapping=mapping)

    def test_a_file_of_text_has_no_sheet(self) -> None:
        with pytest.raises(MappingDoesNotFit):
            reading_of(b"Date,Text,Amount\n2024-03-28,A,-1.00\n", mapping={"sheet": "Bank"})


class TestBounds:
    GOOD = parts_of(xlsx(Bank=[HEADER, *ROWS]))
    SHEET = "xl/worksheets/sheet1.xml"

    def with_sheet(self, rows: bytes) -> bytes:
        sheet = b"<worksheet><sheetData>" + rows + b"</sheetData></worksheet>"
        return packed(self.GOOD | {self.SHEET: sheet})

    def test_a_bomb_is_refused_by_what_it_unpacks_to(self) -> None:
        assert refused(self.with_sheet(b" " * (8 * 1024 * 1024))).reason == "too_large"

    def test_sizes_that_are_declared_too_large_are_believed(self) -> None:
        content = bytearray(packed(self.GOOD))
        at = content.rindex(b"PK\x01\x02")
        content[at + 24 : at + 28] = struct.pack("<I", 1 << 30)

        assert refused(bytes(content)).reason == "too_large"

    def test_sizes_that_are_declared_too_small_are_not(self) -> None:
        content = bytearray(self.with_sheet(b"<row/>" * 100_000))
        at = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1)
        while self.SHEET.encode() not in content[at : at + 46 + len(self.SHEET)]:
            at = content.index(b"PK\x01\x02", at + 1)
        content[at + 24 : at + 28] = struct.pack("<I", 100)

        assert refused(bytes(content)).reason == "broken"

    def test_a_cell_in_the_last_corner_costs_nothing(self) -> None:
        corner = (
            b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        )

        assert refused(self.with_sheet(corner)).reason == "not_a_statement"
        assert refused(self.with_sheet(b'<row r="1048577"/>')).reason == "too_many_rows"

    def test_a_row_that_goes_back_keeps_a_number_of_its_own(self) -> None:
        day = b'<c r="A2" t="d"><v>2024-03-28</v></c><c r="B2" t="str"><v>A</v></c><c r="C2"><v>-1.5</v></c>'
        rows = rows_of(self.with_sheet((b'<row r="7">' + day + b"</row>") * 3))

        assert [row.row for row in rows] == [7, 8, 9]

    @pytest.mark.parametrize(
        ("parts", "reason"),
        [
            ({f"p{n}": b"" for n in range(1_001)}, "broken"),
            ({"x" * 2_000 + str(n): b"" for n in range(300)}, "broken"),
            ({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}, "format_not_read"),
            ({"bank.csv": b"Date,Text,Amount\n2024-03-28,A,-1.00\n"}, "format_not_read"),
        ],
        ids=["too many parts", "too large a directory", "OpenDocument", "an archive"],
    )
    def test_other_archives_are_refused_by_name(self, parts: dict[str, bytes], reason: str) -> None:
        assert refused(packed(parts)).reason == reason

    def test_a_document_type_is_refused_before_anything_is_expanded(self) -> None:
        bomb = b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'

        assert refused(packed(self.GOOD | {self.SHEET: bomb})).reason == "entities"

    def test_a_tag_without_end_is_given_up_on(self) -> None:
        endless = b"<row " + b"".join(b'a%d="%d" ' % (n, n * n) for n in range(200_000))

        assert "without end" in refused(self.with_sheet(endless)).detail

    def test_other_packing_than_office_s_is_refused(self) -> None:
        assert refused(packed(self.GOOD, zipfile.ZIP_LZMA)).reason == "broken"

    def test_a_locked_workbook_is_called_so(self) -> None:
        locked = bytearray(packed(self.GOOD))
        for at in (at for at in range(len(locked)) if locked[at : at + 4] == b"PK\x01\x02"):
            locked[at + 8] |= 1

        assert refused(bytes(locked)).reason == "encrypted"
        assert refused(xls([HEADER]) + "EncryptedPackage".encode("utf-16-le")).reason == "encrypted"

    def test_cells_far_to_the_right_of_an_old_workbook_are_counted(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        content = xls(
            [HEADER, *([*[None] * 199, 1.0] for _ in range(20)), *([*[None] * 200, 1.0] for _ in range(20))]
        )

        assert reading_of(content).format == "xls"
        monkeypatch.setattr(old, "MOST_CELLS", 3_000)
        assert refused(content).reason == "too_large"

    def test_an_old_workbook_is_bounded_by_its_size(self) -> None:
        assert refused(xls([HEADER]) + b"\0" * 16 * 1024 * 1024).reason == "too_large"


XLS = xls([HEADER, *([(45379.0, "date"), "Bäcker", -12.34] for _ in range(3))])
PIECES = [b"\0", b"<", b">", b'"', b"</c>", b"<row r='-3'>", b"<c t='s'><v>-1</v></c>", b"<v>9e999</v>", b"\xff\xff",
          b"\xff\xff\xff\xff", b"<c r='ZZZ1' s='-7'><v>x</v></c>", b"&#0;", b"<si>", b"PK\x01\x02"]  # fmt: skip
damages = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 40), st.sampled_from(PIECES)), min_size=1, max_size=6
)


def damaged(content: bytes, damage: list[tuple[int, int, bytes]]) -> bytes:
    for at, removed, piece in damage:
        place = at % (len(content) + 1)
        content = content[:place] + piece + content[place + removed :]
    return content


def read_or_refuse(content: bytes) -> None:
    try:
        rows = list(reading_of(content).rows())
    except UnreadableFile:
        return
    assert all(row.error or row.skipped or (row.date and row.amount_minor) for row in rows)
    assert len({row.row for row in rows}) == len(rows)


@given(st.sampled_from([SHARED, XLS]), damages)
@settings(max_examples=200, deadline=None)
def test_damaged_workbooks_are_read_or_refused(seed: bytes, damage: list[tuple[int, int, bytes]]) -> None:
    read_or_refuse(damaged(seed, damage))


@given(st.sampled_from(sorted(parts_of(SHARED))), damages)
@settings(max_examples=200, deadline=None)
def test_workbooks_of_damaged_parts_are_read_or_refused(
    name: str, damage: list[tuple[int, int, bytes]]
) -> None:
    parts = parts_of(SHARED)
    read_or_refuse(packed(parts | {name: damaged(parts[name], damage)}, zipfile.ZIP_STORED))


@given(st.sampled_from([SHARED, XLS]), st.integers(0, 10_000))
@settings(deadline=None)
def test_workbooks_cut_off_anywhere_are_read_or_refused(seed: bytes, length: int) -> None:
    read_or_refuse(seed[:length])
