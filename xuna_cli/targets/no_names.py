"""Find cells that are no name of a person to be spoken, in columns of names.

Of somebody without a name, exports have the phone number, the e-mail address, only the title, or 0. Registers write
the last name first.
"""

from functools import lru_cache

from xuna_cli.folding import fold, words
from xuna_cli.lazy_pattern import lazy_pattern

_ALONE = frozenset(
    "first last customer client contact patient guest lead recipient kunde kundin cliente client ansprechpartner".split()
)
_WORDS = frozenset(
    """
    name names firstname lastname fullname surname vorname nachname prenom nom nombre apellido apellidos nome cognome
    sobrenome naam voornaam achternaam imie nazwisko ad soyad isim имя фамилия 姓名 名前 氏名
    """.split()
)
_OF_THINGS = frozenset("user file company product event number no nr id code".split())
_TITLES = frozenset(
    spelled
    for title in """
    mr mrs ms miss dr prof professor sir madam herr frau herrn m mme mlle monsieur madame sr sra srta señor señora sig
    sig.ra signor signora dott dhr mevr pan pani
    """.split()
    for bare in (title, title.upper(), title.title())
    for spelled in (bare, f"{bare}.")
)
_NO_NAME = lazy_pattern(r"\+?(?:[ ()./-]*\d){7,}[ ()./-]*|<?[\w.+-]+@[\w-]+(?:\.[\w-]+)+>?|0+")
_LAST_FIRST = lazy_pattern(
    r"[^\W\d_][\w'\u2019.-]*(?: [\w'\u2019-]+){0,2}, ?(?P<first>[^\W\d_][\w'\u2019.-]*)(?: [\w'\u2019.-]+){0,2}"
)
_BEHIND_A_NAME = frozenset(
    "jr sr junior senior md phd esq esquire dds dmd cpa rn pe ii iii iv mba dvm od do jd inc llc llp ltd gmbh co corp plc sa "
    "srl bv ag kg and".split()
)


@lru_cache(maxsize=4096)
def has_names(column: str) -> bool:
    """Return whether a column has names of people, judged by its name."""
    parts = words(column)
    return fold(column) in _ALONE or (not _WORDS.isdisjoint(parts) and _OF_THINGS.isdisjoint(parts))


def may_be_no_name(cell: str) -> bool:
    """Return whether a cell of a column with names may be none; this is a fast check for most cells."""
    is_number = cell[-1:].isdigit() and not cell[:1].isalpha()
    return is_number or "@" in cell or cell in _TITLES or "," in cell


def why_no_name(cell: str) -> str | None:
    """Return why a cell of a column with names is none to be spoken, to follow `contains "…", `; None for a name."""
    whole = cell.strip()
    if whole in _TITLES:
        return "a title without a name"
    if _NO_NAME.fullmatch(whole):
        return "which is not a name"
    turned = _LAST_FIRST.fullmatch(whole)
    if turned is not None and turned["first"].rstrip(".").replace(".", "").casefold() not in _BEHIND_A_NAME:
        return "with the last name first"
    return None
