"""Recognize the columns that say where a person is: the country of a phone number, and the time zone."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from xuna_cli.folding import fold, words
from xuna_cli.phone.region_names import KINDS, OF_A_PHONE, OF_THE_PERSON, Kind
from xuna_cli.phone.regions import is_state_code, region_of

ZONE_COLUMN_NAMES = ("timezone", "tz")
"""In any case, spacing and punctuation: the first one matches "Time Zone", "time_zone" and "TIMEZONE"."""
_ZONES = frozenset(
    fold(name)
    for name in """
    zeitzone|fuseau horaire|zona horaria|huso horario|fuso horário|fuso orario|tijdzone|strefa czasowa|tidszon|tidssone
    tidszone|aikavyöhyke|časové pásmo|časová zóna|időzóna|fus orar|saat dilimi|часовой пояс|часовий пояс|часова зона
    ζώνη ώρας|タイムゾーン|时区|時區|시간대|المنطقة الزمنية|אזור זמן|समय क्षेत्र|zona waktu|múi giờ|เขตเวลา
    """.replace("\n", "|").split("|")
    if name.strip()
)
_WHOSE = frozenset(
    "contact customer client lead person recipient user prospect member iana olson windows name id hs".split()
)


def zone_columns(columns: Iterable[str]) -> list[str]:
    """Return the columns whose names say that they contain the person's time zone, in their order.

    If one has the plain name, then one such as `Contact timezone` or `Zeitzone` beside it is left out.
    """
    columns = tuple(columns)
    plain = [column for column in columns if fold(column) in ZONE_COLUMN_NAMES]
    return plain or [column for column in columns if _is_zone_of_person(column)]


@lru_cache(maxsize=4096)
def _is_zone_of_person(column: str) -> bool:
    kind = "".join(word for word in words(column) if word not in _WHOSE)
    return kind in _ZONES or kind in ZONE_COLUMN_NAMES


@lru_cache(maxsize=4096)
def may_be_zone(column: str) -> bool:
    """Return whether a column may contain a time zone, or an offset from UTC, judged by its name."""
    plain = fold(column)
    return (
        any(name in plain for name in _ZONES)
        or "timezone" in plain
        or any(offset in plain for offset in ("gmtoffset", "utcoffset", "tzoffset"))
        or _is_zone_of_person(column)
    )


_AREA_CODES = frozenset(
    fold(name)
    for name in (
        "area code|phone area code|vorwahl|ortsvorwahl|telefonvorwahl|préfixe|indicatif régional|prefijo"
        "|lada|clave lada|ddd|prefisso|indicativo|kengetal|netnummer|riktnummer|retningsnummer|suuntanumero"
        "|numer kierunkowy|kierunkowy|předvolba|predvoľba|körzetszám|prefix telefonic|alan kodu|код города|код міста"
        "|市外局番|区号|區號|지역번호|std code|קידומת|رمز المنطقة|kode area|mã vùng"
    ).split("|")
)


def begins_a_number(column: str) -> bool:
    """Return whether a column may contain the first digits of the number in another column, judged by its name."""
    return fold(column) in _AREA_CODES


def region_columns(
    columns: Iterable[str], phone_column: str, rows: Sequence[Mapping[str, object]] = ()
) -> tuple[str, ...]:
    """Return the columns with the country of a phone column's numbers, most reliable first.

    The country of another address (`Shipping Country` beside `Phone`) is left out.

    Args:
        columns: columns of the list.
        phone_column: the phone column that is called.
        rows: the first rows, which decide what a column `Region` contains.
    """
    whose = _whose(words(phone_column))
    found = []
    for column in columns:
        if begins_a_number(column) and _holds_calling_codes(column, rows):
            found.append((Kind.CALLING_CODE, column))
            continue
        kind, of = _reading(column)
        if kind is not None and column != phone_column and of in (frozenset(), whose):
            if kind is Kind.MAYBE and not _holds_countries(column, rows):
                continue
            found.append((kind, column))
    return tuple(column for _, column in sorted(found, key=lambda each: -each[0]))


def may_be_region(column: str, rows: Sequence[Mapping[str, object]] = ()) -> bool:
    """Return whether a column concerns a country, even if only the country of one of the person's addresses."""
    kind, _ = _reading(column)
    if kind is Kind.MAYBE:
        return any(region_of(row.get(column)) and not is_state_code(row.get(column)) for row in rows)
    return kind is not None


@lru_cache(maxsize=4096)
def _reading(column: str) -> tuple[Kind | None, frozenset[str]]:
    """Return the meaning of a name, and the words that say whose country it is."""
    kind = KINDS.get(fold(column))
    if kind is not None:
        return kind, frozenset()
    parts = words(column)
    for length in range(min(4, len(parts)), 0, -1):
        for start in range(len(parts) - length + 1):
            kind = KINDS.get("".join(parts[start : start + length]))
            rest = frozenset(parts[:start] + parts[start + length :])
            if kind is None or (kind is Kind.MAYBE and rest):
                continue
            if not rest.isdisjoint(OF_A_PHONE):
                kind = Kind.CALLING_CODE
            return kind, _whose(rest)
    return None, frozenset()


def _whose(parts: Iterable[str]) -> frozenset[str]:
    return frozenset(parts) - OF_THE_PERSON - OF_A_PHONE


def _holds_calling_codes(column: str, rows: Sequence[Mapping[str, object]]) -> bool:
    """Return whether all cells are calling codes, written as such: `+49`, `0049`; an area code is not."""
    cells = [str(cell).strip() for row in rows if (cell := row.get(column)) is not None]
    cells = [cell for cell in cells if cell]
    return bool(cells) and all(cell.startswith(("+", "00")) and region_of(cell) for cell in cells)


def _holds_countries(column: str, rows: Sequence[Mapping[str, object]]) -> bool:
    """Return whether all cells are countries; CA, DE and IN may also be states of the US."""
    cells = [row.get(column) for row in rows]
    cells = [cell for cell in cells if cell is not None and str(cell).strip()]
    return all(map(region_of, cells)) and not all(map(is_state_code, cells))
