"""Words that say in, out or neither: cells of a sign column, states of a row, and phrases in a row's text."""

from functools import lru_cache
from typing import Literal

from pfms_ledger.bankfiles.words import fold

Direction = Literal["in", "out", "skip"]

_IN = """
    credit;credits;cr;c;cred;crdt;in;incoming;inflow;income;deposit;received;haben;h;gutschrift;
    gutschriften;eingang;einnahme;einnahmen;k;kredit;crediteur;recette;entree;abono;haber;ingreso;
    ingresos;deposito;avere;accredito;entrata;entrate;credito;entrada;receita;receitas;bij;uznanie;
    uznania;wplyw;wplywy;przychod;ma;prijem;prichozi;inkomst;insattning;inn;indbetaling;tulo;pano;bevetel;
    jovairas;alacak;gelir;приход;зачисление;пополнение;доход;кредит;поступление;收入;收;收款;贷;貸;贷方;
    存入;转入;入金;入;受取;입금;수입;uplata;uznania rachunku;credited;贷 cr;cr 贷;money in;paid in
"""
_OUT = """
    debit;debits;dr;d;deb;dbit;db;out;outgoing;outflow;expense;expenses;withdrawal;spent;sent;soll;s;
    lastschrift;belastung;ausgang;ausgabe;ausgaben;debet;depense;depenses;sortie;retrait;cargo;debe;gasto;
    gastos;retiro;dare;addebito;uscita;uscite;spesa;debito;saida;despesa;despesas;af;obciazenie;
    obciazenia;wydatek;wydatki;rozchod;wn;vydaj;vydej;odchozi;utgift;uttag;ut;udbetaling;meno;otto;kiadas;
    terheles;borc;gider;расход;списание;дебет;оплата;支出;支;付款;借;借方;支取;转出;出金;出;支払;출금;
    지출;isplata;debited;借 dr;dr 借;money out;paid out
"""
_NEITHER = """
    neutral;none;neither;不计收支;不計收支;中性;中性交易;其他;n a;info;memo only
"""
_LONGEST = 80
_FAILED = (
    "fail", "declin", "cancel", "revert", "void", "denied", "rejected", "expired", "refused", "closed",
    "deleted", "removed", "abgelehnt", "storniert", "fehlgeschlagen", "abgebrochen", "widerrufen", "echoue",
    "annule", "refuse", "rejete", "fallid", "cancelad", "rechazad", "anulad", "annullat", "rifiutat",
    "recusad",
    "mislukt", "geweigerd", "geannuleerd", "odrzucon", "anulowan", "nieudan", "zamitnut", "zrusen",
    "zruseno",
    "nekad", "avbruten", "avvist", "afvist", "hylatty", "peruutettu", "sikertelen", "torolt", "elutasit",
    "iptal",
    "reddedildi", "basarisiz", "отклон", "отмен", "неуспеш", "交易关闭", "已关闭", "交易失败", "失败",
    "失敗", "支付失败",
    "取消", "已撤销", "关闭", "취소", "실패",
)  # fmt: skip
_PENDING = (
    "pending", "authori", "unsettled", "not posted", "unposted", "uncleared", "in progress", "processing",
    "scheduled", "vorgemerkt", "ausstehend", "in bearbeitung", "offen", "en attente", "en cours",
    "pendiente",
    "en proceso", "in sospeso", "in attesa", "pendente", "in behandeling", "oczekujac", "w toku",
    "blokada", "cekajici",
    "ceka", "blokace", "reserverad", "reserveret", "reservert", "odottaa", "fuggoben", "zarolas",
    "beklemede",
    "bekliyor", "в обработке", "ожидает", "холд", "处理中", "待", "等待", "未入账", "未入帳", "保留",
    "未確定", "미결제", "승인",
)  # fmt: skip
_IN_TEXT = """
    deposit;salary;payroll;wages;interest paid;interest credit;paycheck;payment received;direct credit;
    gehalt;lohn;gutschrift;zinsertrag;einzahlung;virement recu;vir recu;salaire;versement;remboursement;
    nomina;ingreso;transferencia recibida;stipendio;accredito;bonifico a favore;salario;deposito;
    transferencia recebida;salaris;bijschrijving;wynagrodzenie;pensja;przelew przychodzacy;vyplata;
    prichozi;mzda;lon;loon;palkka;maas;зарплата;зачисление;pix recebido;工资;结息;利息;入金;給与;급여;이자
"""
_OUT_TEXT = """
    withdrawal;purchase;pos;atm;cash advance;direct debit;debit purchase;card payment;bill payment;
    subscription;savings transfer;transfer to;lastschrift;kartenzahlung;bargeldauszahlung;abbuchung;
    geldautomat;retrait;prelevement;prlv;achat;paiement carte;cotisation;carte;adeudo;compra;recibo;
    retirada;cajero;prelievo;pagamento;addebito;acquisto;debito;saque;pagto;betaalautomaat;geldautomaat;
    incasso;platnosc karta;wyplata z bankomatu;vyber;platba kartou;inkaso;uttag;kortkop;kortkob;varekjop;
    korttiosto;otto;nosto;vasarlas;keszpenzfelvetel;alisveris;para cekme;покупка;оплата;списание;снятие;
    消费;取现;还款;缴费;引落;出金;출금;결제
"""

_OPENING = """
    opening balance;starting balance;balance brought forward;brought forward;anfangssaldo;anfangsbestand;
    solde initial;solde precedent;saldo inicial;saldo anterior;saldo iniziale;beginsaldo;saldo poczatkowe;
    pocatecni zustatek;ingaende saldo;inngaende saldo;primosaldo;alkusaldo;nyito egyenleg;acilis bakiyesi;
    входящий остаток;начальный остаток;期初余额;上期结余;前期繰越;繰越;이월
"""


def _folded(text: str) -> frozenset[str]:
    return frozenset(fold(word) for word in text.split(";"))


_IN_WORDS, _OUT_WORDS, _NEITHER_WORDS = _folded(_IN), _folded(_OUT), _folded(_NEITHER)
_OPENING_PHRASES = _folded(_OPENING)
_IN_PHRASES, _OUT_PHRASES = _folded(_IN_TEXT), _folded(_OUT_TEXT)


def direction_of(cell: str) -> Direction | None:
    """What a cell of a sign column says; None when the word isn't known. Signs count, an empty cell does not."""
    return _direction_of(cell.strip()) if len(cell) <= _LONGEST else None


@lru_cache(maxsize=2048)
def _direction_of(stripped: str) -> Direction | None:
    if stripped in ("+", "-", "\u2212", "/"):
        return {"+": "in", "/": "skip"}.get(stripped, "out")  # type: ignore[return-value]  # the three words above
    word = fold(stripped)
    if word in _IN_WORDS:
        return "in"
    if word in _OUT_WORDS:
        return "out"
    return "skip" if word in _NEITHER_WORDS else None


def state_of(cell: str) -> Literal["failed", "pending"] | None:
    """What a cell of a status column says beyond "done"."""
    return _state_of(cell[:_LONGEST])


@lru_cache(maxsize=2048)
def _state_of(cell: str) -> Literal["failed", "pending"] | None:
    word = fold(cell)
    if any(stem in word for stem in _PENDING):
        return "pending"
    return "failed" if any(stem in word for stem in _FAILED) else None


def leaning_of(text: str) -> Direction | None:
    """Whether the words of a row's text speak of money coming in or going out, None when of neither or both."""
    padded = f" {fold(text[:200])} "
    comes = any(f" {phrase} " in padded for phrase in _IN_PHRASES)
    goes = any(f" {phrase} " in padded for phrase in _OUT_PHRASES)
    return None if comes == goes else "in" if comes else "out"


def speaks_of_opening(text: str) -> bool:
    """Whether a row's text says that it is no movement but the balance an account began with."""
    padded = f" {fold(text[:200])} "
    return any(f" {phrase} " in padded for phrase in _OPENING_PHRASES)
