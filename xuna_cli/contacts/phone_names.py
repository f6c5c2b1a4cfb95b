"""Recognize phone columns by their names.

The names come from exports of address books, CRMs and shops (Google Contacts, Outlook, HubSpot, Salesforce, Zoho,
Pipedrive, Shopify, WooCommerce, Mailchimp …), from templates of other calling products, and from the words for
telephone and mobile phone in the most used languages and the languages of Europe.
"""

import re
from enum import IntEnum
from functools import lru_cache

from xuna_cli.contacts.other_people import is_of_others
from xuna_cli.folding import fold, words
from xuna_cli.lazy_pattern import lazy_pattern


class Standing(IntEnum):
    """How surely a column contains the phone number of the row's person, judged by its name."""

    NO = 0
    """Not a phone number as far as the name says, or certainly another number: fax, labels, invoices."""
    WEAK = 1
    """A number of some kind: `Number`, `To`. The choice is ambiguous if another column may contain the phone number."""
    OTHERS = 2
    """Somebody else's phone number, or an old one: the assistant's, a parent's. Only `--phone-column` chooses it."""
    ADDRESS = 3
    """The phone number of an address: billing, shipping. It is used if the person has no phone column."""
    OWN = 4
    """The person's own phone number."""


PHONE_COLUMN_NAMES = (
    "phone",
    "phone number",
    "phone no",
    "phone num",
    "to phone number",
    "to number",
    "number",
    "mobile",
    "mobile number",
    "mobile no",
    "mobile phone",
    "mobile phone number",
    "cell",
    "cell number",
    "cell phone",
    "cell phone number",
    "telephone",
    "telephone number",
    "telephone no",
    "tel",
    "tel no",
    "contact number",
    "contact phone",
    "customer phone",
    "primary phone",
    "phone e164",
    "e164",
    "msisdn",
)
"""Names in published formats, in any case, spacing and punctuation. There are many more."""

_EXACT = {
    **{fold(name): Standing.OWN for name in PHONE_COLUMN_NAMES},
    **dict.fromkeys(
        map(
            fold,
            (
                "contact no",
                "contact num",
                "cellno",
                "customer number to call",
                "dial number",
                "number to call",
                "number to dial",
                "numero de contacto",
                "numero de contact",
                "no hp",
                "nomor hp",
                "no telp",
                "no wa",
                "sdt",
                "so dt",
                "cep",
                "cep no",
                "cep numarasi",
                "nr tel",
                "ph",
                "ph no",
                "phn",
                "recipient number",
                "destination number",
                "연락처",
                "联系方式",
                "聯絡方式",
                "连络电话",
                "연락 전화",
                "เบอร์",
                "เบอร์ติดต่อ",
                "נייד",
            ),
        ),
        Standing.OWN,
    ),
    **dict.fromkeys(
        map(
            fold,
            (
                "number",
                "numbers",
                "to",
                "dst",
                "recipient",
                "destination",
                "whatsapp",
                "whats app",
                "nummer",
                "nr",
                "numero",
                "numéro",
                "número",
                "numer",
                "numara",
                "nomor",
                "номер",
                "号码",
                "號碼",
                "番号",
                "번호",
                "رقم",
            ),
        ),
        Standing.WEAK,
    ),
}

_ONE_WORD = lazy_pattern(
    r"""
    (?!micro|head|ear|mega|xylo|saxo) [a-z]*? (?: tele)? phones? (?: number | num | no | nr | e164 )?
    | (?!\w*(?:buch|at\Z|vertrag|fax)) \w* telefo[no]\w*  # telefonnummer, telefono, telefoonnummer
    | mobil (?: e | es | nr | nummer | no | number | phone | tel | telefon | tlf | ny | ni | ny | nega | nego )?
    | mobiel \w* | cell | cells? (?: phone | number | no | ulare | ulari | ular ) | celular \w* | celu | movil \w*
    | cellulare \w* | telemovel \w* | teleph? | tel | telf | telef | tele (?: no | nr ) | tlf (?: nr )? | tlfn | tfn | tlph
    | mob | gsm (?: nr | no )? | msisdn | hp | handy (?: nr | nummer )? | (?: mobil | privat | festnetz )? rufnummer | festnetz \w*
    | portable | fone | fones | fonenumber
    | puhelin \w* | matkapuhelin \w* | kannykka | gsmnumero | matkapuh | puh
    | telepon \w* | telpon | telp | ponsel | seluler | handphone
    | komorka | komorkow \w* | cep
    | τηλεφων \w* | τηλ | κινητ \w*
    | телефон \w* | тел | моб | мобильн \w* | мобилен | мобільн \w* | сотов \w* | сот
    """,
    re.VERBOSE,
)
_SEVERAL_WORDS = (fold("số điện thoại"), fold("điện thoại"), fold("di động"), fold("so dien thoai"))
# For scripts without spaces between words: parts of a name that mean a phone number.
_PARTS = tuple(
    map(
        fold,
        (
            "电话",
            "電話",
            "手机",
            "手機",
            "移动号码",
            "座机",
            "携帯",
            "ケータイ",
            "전화",
            "휴대폰",
            "핸드폰",
            "휴대전화",
            "โทร",
            "มือถือ",
            "هاتف",
            "جوال",
            "موبايل",
            "موبایل",
            "تلفون",
            "تلفن",
            "محمول",
            "फ़ोन",
            "फोन",
            "मोबाइल",
            "दूरभाष",
            "ফোন",
            "মোবাইল",
            "طلفون",
            "טלפון",
            "טל נייד",
            "فون",
            "தொலைபேசி",
            "ఫోన్",
        ),
    )
)
_NOT_PARTS = tuple(
    map(
        fold,
        ("传真", "傳真", "ファックス", "FAX", "팩스", "แฟกซ์", "فاكس", "فکس", "факс", "פקס", "類型", "类型"),
    )
)

# Words that show that a column is about a phone, but does not contain its number.
_NOT = frozenset(
    """
    type typ label labels kind art extension ext extn country region prefix code area vorwahl verified verify valid
    validated validation status consent opt optin optout out in permission accepts allowed carrier provider operator
    plan model brand os device usage id ids sid uuid count calls call called time date last preferred preference
    notes note comment name url link email mail timezone tz description hash masked is has format channel source
    marketing subscribed unsubscribed dnc dnd not stop blocked score reason result outcome attempts duration
    pager telex tty tdd isdn radio teletype ip bill contract price cost make imei serial case cover
    telefax fax telecopie telecopieur callback verification invalid bounced quality agent from caller callerid sender
    transfer forward forwarding fallback outbound voicemail recording twilio tipo etiqueta pais pays land codigo
    horario heure uhrzeit zeit datum teletipo hearing hoerbehinderte horbehinderte oproep
    """.split()
)
_NOT_WITHIN = ("fax", "факс", "telecop")
_ADDRESS = frozenset(
    "address billing shipping mailing delivery invoice invoicing rechnung lieferung versand facturacion envio".split()
)


_DIGITS_OF_A_NUMBER = 7


@lru_cache(maxsize=4096)
def standing(column: str) -> Standing:
    """Return how surely a column contains the person's phone number, judged by its name."""
    exact = _EXACT.get(fold(column))
    if exact is not None:
        return exact
    parts, plain = words(column), fold(column)
    if sum(map(str.isdigit, plain)) >= _DIGITS_OF_A_NUMBER:
        return Standing.NO  # tel:+15551234567 is a number, not a name
    if parts[-2:] in {("to", "call"), ("to", "dial")}:
        parts = parts[:-2]
    if any(part in plain for part in _NOT_PARTS) or any(
        part in word for word in parts for part in _NOT_WITHIN
    ):
        return Standing.NO
    if not _NOT.isdisjoint(parts) or not _says_phone(parts, plain):
        return Standing.NO
    if is_of_others(parts, plain):
        return Standing.OTHERS
    return Standing.ADDRESS if not _ADDRESS.isdisjoint(parts) else Standing.OWN


def _says_phone(parts: tuple[str, ...], plain: str) -> bool:
    return (
        any(map(_ONE_WORD.fullmatch, parts))
        or any(part in plain for part in _PARTS)
        or any(part in plain for part in _SEVERAL_WORDS)
    )
