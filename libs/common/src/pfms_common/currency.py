"""Every ISO 4217 code, current and withdrawn, with its exponent.

The exponent is the number of decimals of the minor unit: EUR 2 (cent), JPY 0, KWD 3 (fils), CLF 4.
Source: ISO 4217 tables A.1 (current) and A.3 (withdrawn). Table A.3 states no exponents: those of the
withdrawn currencies are from the editions of the standard that still listed them, and 2 where none did.
"""

from dataclasses import dataclass

_CURRENT = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF
    CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL
    HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU
    MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR
    SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED
    VES WST XAD XCD XCG YER ZAR ZMW ZWG""",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}

_WITHDRAWN = {
    0: "ADP BEF BYB BYR ESP GRD ITL LUF MGF PTE TPE TRL",
    2: """
    AFA ALK ANG AOK AON AOR ARA ARP ARY ATS AYM AZM BAD BEC BEL BGJ BGK BGL BGN BOP BRB BRC BRE BRN BRR BUK
    CHC CSD CSJ CSK CUC CYP DDM DEM ECS ECV EEK ESA ESB FIM FRF GEK GHC GHP GNE GNS GQE GWE GWP HRD HRK IEP
    ILR ISJ LAJ LSM LTL LTT LUC LUL LVL LVR MLF MRO MTL MTP MVQ MXP MZE MZM NIC NLG PEH PEI PES PLZ RHD ROK
    ROL RUR SDD SDP SIT SKK SLL SRG STD SUR TJR TMM UAK UGS UGW USS UYN UYP VEB VEF VNC XEU XFO XFU XRE YUD
    YUM YUN ZAL ZMK ZRN ZRZ ZWC ZWD ZWL ZWN ZWR""",
    3: "ILP YDD",
}

NO_MINOR_UNIT = frozenset(
    ["XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"]
)
"""Metals, units of account, "testing" and "no currency": ISO 4217 gives them no minor unit."""


class UnknownCurrencyError(ValueError):
    """The code is no ISO 4217 currency that amounts can be kept in."""


@dataclass(frozen=True, slots=True)
class Currency:
    """An ISO 4217 code and its exponent; take it from `currency()`, which knows the exponent."""

    code: str
    exponent: int
    withdrawn: bool = False

    def __str__(self) -> str:
        return self.code


CURRENCIES: dict[str, Currency] = {
    code: Currency(code, exponent, withdrawn)
    for table, withdrawn in ((_CURRENT, False), (_WITHDRAWN, True))
    for exponent, codes in table.items()
    for code in codes.split()
}


def currency(code: str) -> Currency:
    """The currency of an upper-case three-letter code; UnknownCurrencyError when there is none."""
    try:
        return CURRENCIES[code]
    except KeyError:
        reason = "has no minor unit" if code in NO_MINOR_UNIT else "is no ISO 4217 code"
        raise UnknownCurrencyError(f"{code!r} {reason}; name a currency such as 'EUR'.") from None
