"""Tables as banks around the world write them, each read without asking; amounts and days are checked by hand."""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

import pytest

from pfms_ledger.bankfiles.statement import StatementRow

RowsOf = Callable[..., list[StatementRow]]


class Table(NamedTuple):
    currency: str
    text: str
    amounts: list[int]
    first: date
    encoding: str = "utf-8"


TABLES = {
    "german, with a preamble, windows-1252": Table(
        "EUR",
        """\
        Umsatzanzeige;Datei erstellt am: 01.04.2024 12:00

        Kontoname;Girokonto
        Saldo;1.234,56;EUR
        Sortierung;Datum absteigend

        Buchung;Wertstellungsdatum;Auftraggeber/Empfänger;Verwendungszweck;Saldo;Währung;Betrag;Währung
        28.03.2024;29.03.2024;Bäcker;Brot;1.234,56;EUR;-23,45;EUR
        27.03.2024;27.03.2024;Firma;Lohn;1.258,01;EUR;1.000,00;EUR
        26.03.2024;26.03.2024;Kino;Film;258,01;EUR;-10,00;EUR
        """,
        [-2345, 100000, -1000],
        date(2024, 3, 28),
        "cp1252",
    ),
    "german, a column of S and H": Table(
        "EUR",
        """\
        Buchungstag;Valuta;Empfänger/Zahlungspflichtiger;Vorgang/Verwendungszweck;Währung;Umsatz;
        28.03.2024;28.03.2024;Bäcker;Brot;EUR;23,45;S
        27.03.2024;27.03.2024;Firma;Lohn;EUR;1.000,00;H
        """,
        [-2345, 100000],
        date(2024, 3, 28),
    ),
    "french, debit and credit, text over two lines": Table(
        "EUR",
        """\
        Téléchargement du 28/03/2024;
        Solde au 28/03/2024;1 234,56 €;

        Date;Libellé;Débit Euros;Crédit Euros;
        28/03/2024;"PAIEMENT
        MARCHE";23,45;;
        27/03/2024;"VIREMENT";;1 000,00;
        """,
        [-2345, 100000],
        date(2024, 3, 28),
        "cp1252",
    ),
    "spanish": Table(
        "EUR",
        """\
        F.Valor;Fecha;Concepto;Movimiento;Importe;Divisa;Disponible;Divisa
        28/03/2024;28/03/2024;Mercado;Pago con tarjeta;-23,45;EUR;1.234,56;EUR
        27/03/2024;27/03/2024;Nomina;Abono;1.000,00;EUR;1.258,01;EUR
        """,
        [-2345, 100000],
        date(2024, 3, 28),
    ),
    "italian": Table(
        "EUR",
        """\
        Data contabile,Data valuta,Descrizione,Accrediti,Addebiti
        28/03/2024,30/03/2024,Pagamento POS,,"23,45"
        27/03/2024,27/03/2024,Stipendio,"1.000,00",
        """,
        [-2345, 100000],
        date(2024, 3, 28),
    ),
    "brazilian": Table(
        "BRL",
        """\
        Data,Valor,Identificador,Descrição
        28/03/2024,-23.45,65f1,Padaria
        27/03/2024,1000.00,65f2,Pix
        26/03/2024,-10.00,65f3,Boleto
        """,
        [-2345, 100000, -1000],
        date(2024, 3, 28),
    ),
    "polish, windows-1250": Table(
        "PLN",
        """\
        Bankowość Detaliczna;
        #Data operacji;#Data księgowania;#Opis operacji;#Tytuł;#Nadawca/Odbiorca;#Kwota;#Saldo po operacji;
        2024-03-27;2024-03-28;ZAKUP;LODY; ;-23,45;1 234,56;
        2024-03-27;2024-03-27;PRZELEW;PENSJA;ŁÓDŹ SA;1 000,00;1 258,01;
        2024-03-26;2024-03-26;ZAKUP;ŻABA; ;-5,00;258,01;
        """,
        [-2345, 100000, -500],
        date(2024, 3, 28),
        "cp1250",
    ),
    "dutch, Af and Bij": Table(
        "EUR",
        """\
        "Datum","Naam / Omschrijving","Rekening","Tegenrekening","Af Bij","Bedrag (EUR)","Mededelingen"
        "20240328","Bakker","NL01","","Af","23,45","Pas"
        "20240327","Werkgever","NL01","NL02","Bij","1000,00","Salaris"
        """,
        [-2345, 100000],
        date(2024, 3, 28),
    ),
    "norwegian, out and in": Table(
        "NOK",
        """\
        "Dato";"Forklaring";"Rentedato";"Ut fra konto";"Inn på konto"
        "28.03.2024";"Baker";"28.03.2024";"23,45";""
        "27.03.2024";"Lønn";"27.03.2024";"";"1.000,00"
        """,
        [-2345, 100000],
        date(2024, 3, 28),
    ),
    "finnish": Table(
        "EUR",
        """\
        "Kirjauspäivä";"Arvopäivä";"Määrä EUROA";"Laji";"Selitys";"Saaja/Maksaja";"Viesti"
        2024-03-28;2024-03-28;-23,45;"162";"KORTTIOSTO";"LEIPOMO";""
        2024-03-27;2024-03-27;+1000,00;"506";"PALKKA";"FIRMA";""
        2024-03-27;2024-03-27;-5,00;"506";"KORTTIOSTO";"KIOSKI";""
        """,
        [-2345, 100000, -500],
        date(2024, 3, 28),
    ),
    "turkish, windows-1254": Table(
        "TRY",
        """\
        Tarih;Açıklama;Tutar;Bakiye
        28.03.2024;FIRIN ŞİŞLİ;-23,45;1.234,56
        27.03.2024;MAAŞ;1.000,00;1.258,01
        26.03.2024;KÖŞE;-5,00;258,01
        """,
        [-2345, 100000, -500],
        date(2024, 3, 28),
        "cp1254",
    ),
    "russian, windows-1251": Table(
        "RUB",
        """\
        "Дата операции";"Статус";"Сумма операции";"Валюта операции";"Описание"
        "28.03.2024 12:00:00";"OK";"-23,45";"RUB";"Булочная"
        "27.03.2024 12:00:00";"OK";"1000,00";"RUB";"Зарплата"
        "26.03.2024 12:00:00";"OK";"-5,00";"RUB";"Киоск"
        """,
        [-2345, 100000, -500],
        date(2024, 3, 28),
        "cp1251",
    ),
    "greek, windows-1253": Table(
        "EUR",
        """\
        Ημερομηνία;Περιγραφή;Ποσό;Υπόλοιπο
        28/03/2024;ΦΟΥΡΝΟΣ;-23,45;100,00
        29/03/2024;ΜΙΣΘΟΣ;1.000,00;1.100,00
        30/03/2024;ΔΕΗ;-50,00;1.050,00
        """,
        [-2345, 100000, -5000],
        date(2024, 3, 28),
        "cp1253",
    ),
    "japanese, Shift JIS": Table(
        "JPY",
        """\
        年月日,お引出し,お預入れ,お取り扱い内容,残高
        2024/3/28,"2,345",,パン屋,"123,456"
        2024/3/27,,"100,000",給料振込,"125,801"
        """,
        [-2345, 100000],
        date(2024, 3, 28),
        "cp932",
    ),
    "korean, words for in and out": Table(
        "KRW",
        """\
        거래일시,구분,거래금액,거래 후 잔액,내용
        2024.03.28 12:00:00,출금,"-2,345","123,456",빵집
        2024.03.27 09:00:00,입금,"100,000","125,801",회사
        """,
        [-2345, 100000],
        date(2024, 3, 28),
        "cp949",
    ),
    "chinese, GB 18030": Table(
        "CNY",
        """\
        # 交易记录
        "交易日期","交易时间","收入","支出","余额","交易备注"
        "20240328","10:00:00","","23.45","1234.56","面包"
        "20240327","10:00:00","1000.00","","1258.01","工资"
        # 合计
        """,
        [-2345, 100000],
        date(2024, 3, 28),
        "gb18030",
    ),
    "indian, lakhs, DR and CR": Table(
        "INR",
        """\
        Txn Date,Description,Amount,Balance
        28 Mar 2024,UPI,234.50 DR,"1,000.00 CR"
        29 Mar 2024,SALARY,"1,00,000.00 CR","1,01,000.00 CR"
        """,
        [-23450, 10000000],
        date(2024, 3, 28),
    ),
    "estonian, D and K beside signed amounts": Table(
        "EUR",
        """\
        "Kliendi konto";"Kuupäev";"Saaja/Maksja";"Selgitus";"Summa";"Valuuta";"Deebet/Kreedit"
        "EE1";"28.03.2024";"PAGAR";"ost";"-23,45";"EUR";"D"
        "EE1";"27.03.2024";"Firma";"palk";"1000,00";"EUR";"K"
        """,
        [-2345, 100000],
        date(2024, 3, 28),
    ),
    "british, no header, UTF-16": Table(
        "GBP",
        """\
        28/03/2024,BAKER,"-23.45"
        27/03/2024,SALARY,"1,000.00"
        26/03/2024,GROCER,-5.00
        """,
        [-2345, 100000, -500],
        date(2024, 3, 28),
        "utf-16",
    ),
    "american, no header, debit and credit told by the balance": Table(
        "USD",
        """\
        03/28/2024,0,Deposit,0,500.00,500.00
        03/29/2024,101,Check,100.00,0,400.00
        03/30/2024,102,Check,60.00,0,340.00
        03/31/2024,103,Check,40.00,0,300.00
        """,
        [50000, -10000, -6000, -4000],
        date(2024, 3, 28),
    ),
    "thousands only, no decimals anywhere": Table(
        "EUR",
        """\
        Datum;Betrag;Text
        28.03.2024;-1.234;A
        29.03.2024;-2.500;B
        29.03.2024;-12;C
        """,
        [-123400, -250000, -1200],
        date(2024, 3, 28),
    ),
    "three decimals": Table(
        "JOD",
        """\
        Date,Payee,Outflow,Inflow
        2024-03-28,A,د.ا.\u200f4.750,د.ا.\u200f0.000
        2024-03-29,B,د.ا.\u200f0.000,د.ا.\u200f93.210
        """,
        [-4750, 93210],
        date(2024, 3, 28),
    ),
    "net beside gross and fee": Table(
        "USD",
        """\
        Date,Name,Currency,Gross,Fee,Net
        2024-03-28,A,USD,10.00,-0.59,9.41
        2024-03-29,B,USD,-20.00,0.00,-20.00
        """,
        [941, -2000],
        date(2024, 3, 28),
    ),
    "fees on top, told by the balance": Table(
        "GBP",
        """\
        Completed Date,Description,Amount,Fee,Currency,State,Balance
        2024-03-28 10:00:00,A,-10.00,0.00,GBP,COMPLETED,90.00
        2024-03-29 10:00:00,B,-20.00,0.50,GBP,COMPLETED,69.50
        2024-03-30 10:00:00,C,-30.00,0.50,GBP,COMPLETED,39.00
        2024-03-31 10:00:00,D,-10.00,0.00,GBP,COMPLETED,29.00
        """,
        [-1000, -2050, -3050, -1000],
        date(2024, 3, 28),
    ),
    "a delimiter stated for Excel, the header once more in the middle": Table(
        "EUR",
        """\
        sep=;
        Date;Description;Amount
        28/03/2024;A;-1,00
        Date;Description;Amount
        29/03/2024;B;-2,00
        """,
        [-100, -200],
        date(2024, 3, 28),
    ),
}


@pytest.mark.parametrize("make", TABLES)
def test_a_table_is_read_without_asking(make: str, rows_of: RowsOf) -> None:
    table = TABLES[make]

    rows = rows_of(table.text, table.currency, encoding=table.encoding)

    assert [row.error for row in rows] == [None] * len(table.amounts)
    assert [row.amount_minor for row in rows] == table.amounts
    assert rows[0].date == table.first
    assert all("\ufffd" not in row.text for row in rows)


@pytest.mark.parametrize(
    ("make", "payee"),
    [("polish, windows-1250", "ŁÓDŹ SA"), ("turkish, windows-1254", "MAAŞ"), ("russian, windows-1251", "Зарплата"),
     ("greek, windows-1253", "ΜΙΣΘΟΣ"), ("japanese, Shift JIS", "給料振込"), ("korean, words for in and out", "회사"),
     ("chinese, GB 18030", "工资")],
)  # fmt: skip
def test_names_come_through_in_their_own_letters(make: str, payee: str, rows_of: RowsOf) -> None:
    table = TABLES[make]

    assert rows_of(table.text, table.currency, encoding=table.encoding)[1].payee == payee
