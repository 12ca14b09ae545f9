"""The merchant in a bank's text: without who processed the payment, card, date, shop number, place and legal form.

A bank writes `SQ *BLUE BOTTLE #4412 OAKLAND CA`; people mean Blue Bottle. What is left is a guess: the bank's text
stays in the import's row, and aliases say what no rule can know.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

LONGEST = 120


@dataclass(frozen=True, slots=True)
class Merchant:
    """A name for people; who processed the payment and where it was, if the text says so."""

    name: str
    processor: str | None = None
    location: str | None = None


# Who stands before a star and passes the money on to who stands behind it.
_PROCESSORS = {
    "sq": "Square",
    "gosq": "Square",
    "tst": "Toast",
    "paypal": "PayPal",
    "pay pal": "PayPal",
    "pp": "PayPal",
    "pypl": "PayPal",
    "zettle": "Zettle",
    "izettle": "Zettle",
    "iz": "Zettle",
    "sumup": "SumUp",
    "sp": "Shopify",
    "shopify": "Shopify",
    "stripe": "Stripe",
    "klarna": "Klarna",
    "wpy": "WePay",
    "2co": "2Checkout",
    "2co.com": "2Checkout",
    "paddle": "Paddle",
    "paddle.net": "Paddle",
    "fs": "FastSpring",
    "dri": "Digital River",
    "adyen": "Adyen",
    "mollie": "Mollie",
    "cko": "Checkout.com",
    "clover": "Clover",
    "google": "Google",
}
_AMAZON = re.compile(r"(?:amzn|amazon)\b", re.IGNORECASE)
_STAR = re.compile(r"([^*]{1,24}?)[ _]*\*+\s*(.*)")
_LONGEST_UNKNOWN_PROCESSOR = 3
# Behind the star of a merchant stands an order's number or what it was; these make another merchant of it.
_OWN_BEHIND_STAR = frozenset({"eats"})

# What a bank says of the way the money went, repeated while it fits.
_WAYS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:check ?card|visa|master ?card|maestro|girocard|debit ?card|card)\s+(?:nr\.?\s*)?[x*]*\d{4,}\s+",
        (
            r"(?:(?:pos|ach|eft|debit|credit|card|checkcard|visa|recurring|online|contactless|electronic|internet"
            r"|point of sale|direct)\s+)+(?:purchase|payment|withdrawal|debit|deposit|transaction|credit)"
            r"(?:\s+(?:to|at|from|-))?(?:\s+authorized on \d\d/\d\d)?\s+"
        ),
        r"(?:purchase|payment)\s+(?:authorized on|at|to|from)\s+(?:\d\d/\d\d\s+)?",
        (
            r"(?:kartenzahlung|kartenumsatz|sepa[- ]lastschrift|lastschrift|dauerauftrag|paiement par carte|carte|cb"
            r"|betaalautomaat|bea|kortköp|varekjøp)\s+(?=\S)"
        ),
        r"\d{1,2}[./-]\d{1,2}(?:[./-]\d{2,4})?\s+(?=\S)",
        r"\d{6}\s+(?=\D)",
    )
)
_CONTACT = re.compile(r"(?:tel|phone|fon|fax|e-?mail|ust|steuer|http|www)\b", re.IGNORECASE)
_DATES = re.compile(
    r"(?<![\w-])(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d|\d\d/\d\d"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\d{2,4})(?![\w-])",
    re.IGNORECASE,
)
_CARD = re.compile(r"(?:\bcard\s+(?:no\.?\s*)?\d{4}\b|(?<!\w)(?:x{2,}|\*{2,})\d{3,4}\b)", re.IGNORECASE)
_DOMAIN = re.compile(
    r"(?:https?://)?(?:www\.)?([a-z0-9-]{1,40})(?:\.[a-z0-9-]{1,40})*?\.(?:co\.uk|co|com|net|org|io|ai|app|shop|store|tv|me|info"
    r"|biz|eu|de|at|ch|fr|nl|be|es|it|pt|pl|se|no|dk|fi|ie|uk|us|ca|au|jp|in)0*(?:/.*)?",
    re.IGNORECASE,
)
_CUT_DOMAIN = re.compile(r"www\.([a-z0-9-]{2,40})(?:\..*)?", re.IGNORECASE)
_SHOP_WORDS = frozenset({"store", "stores", "str", "unit", "filiale", "no", "nr", "branch", "outlet"})
_NUMBER = re.compile(r"#?\d+")
_SHOP_NUMBER = re.compile(r"#\d+|#?\d{3,}|[a-z]-?\d{2,}|\d{3,}[a-z]{3,}", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_DASHED_NUMBER = re.compile(r"(?<=[A-Za-z]{3})-+(?=\d{3,}\b)")
_GLUED = re.compile(r"(?<=[A-Za-z]{3})(?:0+|\d{3,})$")
_FORMS = ("ltd", "limited", "llc", "inc", "plc", "gmbh", "sarl", "ohg", "pty")
_FORM = re.compile(rf"(?:{'|'.join(_FORMS)})(?:\.|[a-z]{{4,}})?", re.IGNORECASE)
_LAST_FORMS = frozenset(
    {"ag", "kg", "sa", "se", "ab", "oy", "bv", "nv", "spa", "srl", "sas", "co", "ev", "eg", "mbh"}
)
# Numbers that belong to a name.
_NUMBERED = frozenset(
    {("rema", "1000"), ("studio", "54"), ("forever", "21"), ("motel", "6"), ("super", "8"), ("pier", "1")}
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STATES = _words(
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK"
    " OR PA RI SC SD TN TX UT VT VA WA WV WI WY AB BC MB NB NL NS ON PE QC SK NSW VIC QLD"
)
_COUNTRIES = _words(
    "US USA UK GB GBR DE DEU AT AUT CH CHE FR FRA NL NLD BE BEL LU ES ESP PT IT ITA PL CZ SK HU DK SE NO FI IE IS EE "
    " LV LT GR TR RO BG HR SI CN HK TW JP KR SG MY TH ID PH VN IN AU NZ CA MX BR AR CL ZA AE IL"
)
_CITIES = """
    san francisco; new york; los angeles; las vegas; san diego; san jose; san antonio; salt lake city; new orleans
    st louis; saint louis; fort worth; el paso; long beach; kansas city; oklahoma city; jersey city; santa monica
    santa clara; palo alto; mountain view; menlo park; los gatos; santa barbara; baton rouge; st paul; st petersburg
    virginia beach; colorado springs; grand rapids; des moines; fort lauderdale; west palm beach; hong kong
    kuala lumpur; tel aviv; abu dhabi; sao paulo; rio de janeiro; buenos aires; mexico city; cape town; new delhi
    frankfurt am main; bad homburg; den haag; the hague; milton keynes; st albans; mill hill
"""
_TOWNS = frozenset(tuple(city.split()) for city in _CITIES.replace("\n", ";").split(";") if city.split())
# Countries that are as often part of a name, and words that name no town.
_IN_NAMES = frozenset({"UK", "GB", "US", "USA"})
_KINDS = _SHOP_WORDS | _words(
    "bakery bar cafe shop coffee deli direct express fitness foods group grill hotel international kitchen market"
    " online parking pharmacy pizza restaurant retail services supermarket"
)
_VOWELS = frozenset("aeiouäöü")
_SMALL = frozenset({"and", "of", "the", "at", "by", "de", "la", "le", "du", "am", "und", "der", "für"})
_WORD = re.compile(r"[^\W\d_][^\W_]*(?:['’][^\W_]+)*")


@lru_cache(maxsize=20_000)
def merchant_of(text: str) -> Merchant:
    """The merchant that a bank's text names; the text itself where nothing else is left."""
    rest = _without_ways(" ".join(_lines(text)))
    rest, processor = _without_processor(rest)
    if _DIGIT.search(rest):
        rest = _DASHED_NUMBER.sub(" ", _CARD.sub(" ", _DATES.sub(" ", rest)))
    words = rest.replace(",", " ").split()
    words, location = _without_place(_without_form(_without_addresses(words) if "." in rest else words))
    words = _without_form(_without_numbers(words))
    name = _cased(" ".join(words).strip(" -–*.,;:#/_+"))
    if not any(character.isalpha() for character in name):
        name = _cased(" ".join(unicodedata.normalize("NFKC", text).split()))
    return Merchant(name[:LONGEST].rstrip(), processor, location)


def is_same_merchant(one: str, other: str) -> bool:
    """Whether two texts probably name one merchant: their names begin alike. A guess, to be offered and not taken."""
    words, others = _key(one), _key(other)
    if not words or not others:
        return False
    if words == others or (len(words) > 1 and words[:2] == others[:2]):
        return True
    return words[0] == others[0] and ("&" in words[0] or (len(words[0]) > 3 and words[0] not in _COMMON))


# Words that many names begin with.
_COMMON = _words(
    "american bank bakery bar bistro british cafe caffe camping card casa central city club die first game garden"
    " garage golden grand green hair hotel home house international kiosk little market markt motel national old park"
    " pizza pizzeria private restaurant royal saint salon santa shop stadt store super taxi team tele the united west"
    " north south east world"
)


def _key(text: str) -> list[str]:
    """The words of a merchant's name, folded; `b & q` and `b and q` are one word."""
    apart = unicodedata.normalize("NFKD", merchant_of(text).name.casefold())
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    plain = re.sub(r"['’]", "", plain)
    plain = re.sub(r"\b(\w)\s*(?:&|\band\b)\s*(\w)\b", r"\1&\2", plain)
    return re.sub(r"[^\w&]+|_", " ", plain).split()


def _lines(text: str) -> list[str]:
    """The lines of a text but for those that say how to reach somebody."""
    lines = [line.strip() for line in unicodedata.normalize("NFKC", text).splitlines()]
    return [line for line in lines if line and not _CONTACT.match(line)] if len(lines) > 1 else lines


def _without_ways(text: str) -> str:
    rest = " ".join(text.split())
    while True:
        shorter = rest
        for way in _WAYS:
            found = way.match(shorter)
            if found and found.end() < len(shorter):
                shorter = shorter[found.end() :]
        if shorter == rest:
            return rest
        rest = shorter


def _without_processor(text: str) -> tuple[str, str | None]:
    """What stands behind a processor's star, or before a merchant's own."""
    processor = "Amazon" if _AMAZON.match(text) else None
    found = _STAR.match(text)
    if found is None:
        first, _, rest = text.partition(" ")
        if first.casefold() in {"sq", "tst", "paypal"} and rest:
            return rest, _PROCESSORS[first.casefold()]
        return text, processor
    before, behind = found[1].strip(), found[2].strip()
    known = _PROCESSORS.get(before.casefold())
    if known or (len(before) <= _LONGEST_UNKNOWN_PROCESSOR and before.isalpha() and behind):
        return (behind, known) if any(c.isalpha() for c in behind) else (before, known)
    first = behind.partition(" ")[0]
    return (f"{before} {first}" if first.casefold() in _OWN_BEHIND_STAR else before), processor


def _without_addresses(words: list[str]) -> list[str]:
    """An address of the web is the name where nothing stands before it, else it goes."""
    kept: list[str] = []
    for word in words:
        found = _DOMAIN.fullmatch(word) or _CUT_DOMAIN.fullmatch(word)
        if found is None:
            kept.append(word)
        elif not kept:
            kept.append(found[1])
    return kept


def _without_place(words: list[str]) -> tuple[list[str], str | None]:
    """Country and state at the end, and the town before them."""
    left = list(words)
    country = state = None
    if len(left) > 1 and left[-1] in _COUNTRIES and len(left[-2]) > 1:
        country = left.pop()
    if len(left) > 1 and left[-1] in _STATES:
        state = left.pop()
    if country is None and state is None:
        return left, None
    if state is None and country in _STATES:
        state = country
    town = _town(left, guess=state is not None or country not in _IN_NAMES)
    if not town:
        return left, None
    left = left[: -len(town)]
    if len(left) > 1 and _is_shop_number(left, len(left) - 1):
        left.pop()
    return left, " ".join([*(word.title() for word in town), state or country or ""])


def _town(words: list[str], *, guess: bool) -> list[str]:
    """The words at the end that name a town: behind a shop's number, known, or by a guess the last of several."""
    for at in range(len(words) - 1, 0, -1):
        behind = words[at + 1 :]
        if _is_shop_number(words, at) and 0 < len(behind) <= 3:
            return behind
    for size in (3, 2):
        if len(words) > size and tuple(word.casefold() for word in words[-size:]) in _TOWNS:
            return words[-size:]
    last, before = (words[-1].casefold(), words[-2].casefold()) if len(words) > 2 else ("", "")
    is_town = last.isalpha() and last not in _KINDS and before not in {"&", "and", "at", "und"}
    return words[-1:] if guess and is_town else []


def _is_shop_number(words: list[str], at: int) -> bool:
    if (words[at - 1].casefold(), words[at]) in _NUMBERED:
        return False
    return _SHOP_NUMBER.fullmatch(words[at]) is not None or _NUMBER.fullmatch(words[at]) is not None


def _without_numbers(words: list[str]) -> list[str]:
    """A shop's number goes, with the word that announces it and all that follows."""
    kept = [_GLUED.sub("", word) for word in words]
    for at in range(1, len(kept)):
        announced = kept[at - 1].casefold().rstrip(".") in _SHOP_WORDS
        if (kept[at - 1].casefold(), kept[at]) in _NUMBERED:
            continue
        if _SHOP_NUMBER.fullmatch(kept[at]) or (announced and _NUMBER.fullmatch(kept[at])):
            end = at - 1 if announced and at > 1 else at
            while end > 1 and _NUMBER.fullmatch(kept[end - 1]):
                end -= 1
            return kept[:end]
    return kept


def _without_form(words: list[str]) -> list[str]:
    """The legal form goes, with what follows it; an abbreviation that is also a word only at the end."""
    for at in range(1, len(words)):
        if _FORM.fullmatch(words[at].strip("().")):
            return words[:at]
    if len(words) > 1 and words[-1].strip(".").casefold() in _LAST_FORMS:
        return words[:-1]
    return words


def _cased(name: str) -> str:
    """Names in capitals, or without any, get one at the beginning of each word."""
    if name != name.upper() and name != name.lower():
        return name
    return _WORD.sub(lambda found: _cased_word(found[0], first=found.start() == 0), name)


def _cased_word(word: str, *, first: bool) -> str:
    small = word.lower()
    if small in _SMALL and not first:
        return small
    if len(word) <= 3 and _VOWELS.isdisjoint(small):
        return word.upper()
    return small[0].upper() + small[1:]
