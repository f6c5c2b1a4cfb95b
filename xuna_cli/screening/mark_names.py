"""Recognize do-not-call columns by their names, and read their cells.

The names come from CRMs (Salesforce `DoNotCall`, HubSpot and Zoho `Opted Out`), dialers and national registries (DNC,
DND, TPS, Bloctel, Robinson), and from the most used languages.
"""

import unicodedata
from enum import Enum
from functools import lru_cache

from xuna_cli.folding import fold, words
from xuna_cli.screening.remarks import (
    CALLS,
    OTHER_CHANNELS,
    allows_only_another_channel,
    is_of_another_channel,
    says_do_not_call,
)


class Says(Enum):
    """Meaning of a column."""

    NOTHING = "nothing"
    DO_NOT_CALL = "do not call"
    OTHER_CHANNEL = "another channel"
    """An opt-out of e-mail, text messages or post."""
    CONSENT = "consent"
    """The opposite of a do-not-call column: a yes allows calls."""


_NAMES = """
do not call|donotcall|dont call|don't call|no call|no calls|do not phone|no phone calls|never call|do not ring|do not dial
dnc|dnc status|dnc flag|dnc list|on dnc|on dnc list|federal dnc|state dnc|national dnc|internal dnc|dnc registry|is dnc|isdnc
dnd|do not disturb|dnd status|ndnc|dncr|ncpr|do not call registry|do not call list|do not call registered
opt out|opted out|optout|has opted out|is opted out|opt out status|opt out flag|opted out date|opt out date|opted out at
call opt out|phone opt out|opted out of calls|has opted out of calls|has opted out of call|voice opt out|telemarketing opt out
opt out of calls|calls opt out|marketing opt out|opted out of marketing|global opt out|opt out all|opted out of all
unsubscribed|unsubscribe|is unsubscribed|unsubscribed at|unsubscribe date|unsubscribed on|unsub|unsub time|unsub date|unsubscribe time|unsubscribed from calls
do not contact|donotcontact|dont contact|no contact|never contact|contact not allowed|dnc contact|do not solicit|no solicitation
suppressed|suppression|suppress|is suppressed|blacklist|blacklisted|is blacklisted|blocklist|blocklisted|blocked|is blocked
exclude|excluded|removal requested|remove me|remove from list|do not use|deceased|is deceased|verstorben|decede|decedee|fallecido
falecido|deceduto|overleden|wrong number
deleted|is deleted|deleted at|gdpr deleted|anonymized|anonymised|geloscht|supprime|eliminado|verwijderd|usuniety
died|date of death|death date|sterbedatum|todesdatum|verstorben am|gestorben am|date de deces|fecha de defuncion|fecha de fallecimiento
fecha fallecimiento|data di decesso|data decesso|data do obito|data de obito|data falecimento|overlijdensdatum|datum overlijden
data zgonu|dodsdato|dodsdatum|kuolinpaiva|datum umrti|halalozas datuma|vefat tarihi|olum tarihi|дата смерти|死亡日|死亡年月日|逝去日
死亡日期|사망일|사망일자|تاريخ الوفاة|unsubscribe reason|unsubscribe source|unsubscribe method|werbewiderspruch|widerspruch werbung
kein anruf|kein telefonkontakt|kontaktverbot|telefonverbot
call blocked|calls blocked|block calls|no marketing calls|no telemarketing|do not market|litigator|tcpa litigator
tps|ctps|tps registered|on tps|tps status|bloctel|robinson|lista robinson|robinsonliste|robinsonlista|rpo|nix|nix registret
nicht anrufen|nicht mehr anrufen|nicht anzurufen|keine anrufe|anrufsperre|anruf gesperrt|telefonsperre|werbesperre|kontaktsperre|kontakt gesperrt
nicht kontaktieren|keine werbung|gesperrt|sperrvermerk|sperre|sperrliste|blacklisteintrag|abgemeldet|abbestellt|widerspruch
ne pas appeler|ne plus appeler|ne pas contacter|ne pas deranger|ne pas telephoner|desabonne|desinscrit|opposition|liste rouge
pas d'appel|opposition au demarchage|opposition demarchage|oppose au demarchage|bloque|liste noire|refus appel
no llamar|no contactar|no molestar|no llame|no desea llamadas|dado de baja|de baja|lista negra|excluir|excluido|bloqueado
nao ligar|nao chamar|nao telefonar|nao contatar|nao contactar|nao perturbe|nao perturbar|nao me perturbe|descadastrado
nao incomodar|cancelou inscricao|bloqueado
non chiamare|non contattare|non disturbare|disiscritto|cancellato|opposizione|registro opposizioni|registro delle opposizioni|rifiuto chiamate
niet bellen|niet contacteren|niet benaderen|niet storen|bel me niet|bel me niet register|afgemeld|uitgeschreven|geblokkeerd
nie dzwonic|nie kontaktowac|zakaz kontaktu|nie niepokoic|wypisany|zablokowany|sprzeciw
ring inte|ej ring|ring ej|kontakta inte|ring ikke|ikke ring|kontakt ikke|ma ikke kontaktes|ma ikke ringes|avregistrerad|sparrad|reserveret|reservert
ala soita|soittokielto|puhelinkielto|markkinointikielto|ei saa soittaa|ei puheluita
nevolat|nekontaktovat|neoslovovat|nezvolat|ne hivjon|ne hivja|ne hivd|hivas tiltva|tiltva|nu suna|nu sunati|nu contactati|a nu se suna
aramayin|aranmasin|aranmayacak|rahatsiz etmeyin|iletisime gecmeyin|kara liste
не звонить|не беспокоить|не связываться|отписан|отписался|черный список|запрет звонков|не дзвонити|не турбувати|не звъни
请勿致电|勿拨打|勿打|勿扰|免打扰|拒接|拒绝来电|不要打电话|退订|黑名单|請勿致電|勿擾|請勿打擾|不要撥打|退訂
電話不可|電話禁止|架電禁止|架電不可|連絡不可|連絡禁止|電話お断り|配信停止|ブラックリスト|電話ng|架電ng|着信拒否
전화금지|전화 금지|연락금지|연락 금지|수신거부|수신 거부|블랙리스트|전화거부|마케팅 거부
لا تتصل|عدم الاتصال|ممنوع الاتصال|عدم الإزعاج|تماس نگیرید|אל תתקשר|לא להתקשר|אין להתקשר|הסרה
कॉल न करें|संपर्क न करें|परेशान न करें|কল করবেন না|jangan hubungi|jangan telepon|jangan ditelepon|jangan ganggu|jangan panggil
khong goi|dung goi|khong lien he|ห้ามโทร|ไม่ต้องโทร|ห้ามติดต่อ|μην καλειτε|μη καλειτε|μην ενοχλειτε|ne zvati|ne kontaktirati|neskambinti|nezvanit
"""
_DO_NOT_CALL = frozenset(
    fold(name) for line in _NAMES.splitlines() for name in line.split("|") if name.strip()
)
# Phrases that may be part of a longer name: `Contact: Do Not Call?`, `Opted out of sales calls`.
_WITHIN = tuple(
    fold(name)
    for name in (
        "do not call",
        "dont call",
        "do not contact",
        "do not phone",
        "do not disturb",
        "opt out",
        "opted out",
        "unsubscribed",
        "nicht anrufen",
        "ne pas appeler",
        "no llamar",
        "não ligar",
        "non chiamare",
        "niet bellen",
        # Not only "not called", which may mean: not called yet.
        "not to be called",
        "nicht angerufen werden",
        "pas être appelé",
        "pas être contacté",
        "no desea ser llamad",
        "non desidera essere chiamat",
        "niet gebeld worden",
    )
)
_TOGETHER = tuple(
    frozenset(pair.split("+"))
    for pair in (
        "not+call not+contact nicht+anrufen nicht+kontaktieren ne+appeler ne+rappeler ne+contacter no+llamar no+contactar "
        "nao+ligar nao+contatar nao+contactar non+chiamare non+richiamare non+contattare niet+bellen nie+dzwonic inte+ring "
        "inte+ringas ikke+ring ikke+ringes"
    ).split()
)
_AS_A_WORD = frozenset({"dnc", "dnd", "unsubscribed", "suppressed", "blacklisted", "anrufsperre"})
# `Opt-out URL` and `DNC Scrub Date` have a value for everybody.
_ABOUT_A_MARK = frozenset("url urls link links token instructions".split())
_CHECKS = frozenset("check checked scrub scrubbed".split())
_MOMENTS = frozenset("date time at on".split())

_OTHER_CHANNELS_WITHIN = ("email", "newsletter", "邮件", "郵件", "メール", "메일", "短信", "рассыл")

_CONSENT_WORDS = frozenset(
    """
    consent consents consented consentement consentimiento consentimento consenso einwilligung einverstandnis toestemming
    zgoda samtykke samtycke suostumus souhlas hozzajarulas izin izni iys riza согласие 同意 동의 permission permissions accepts
    subscribed subscriber optin gdpr dsgvo rgpd lgpd tcpa callable
    """.split()
)
_YES_OR_NO = frozenset(
    "call calls callok callyn callyesno tocall shouldcall pleasecall okcall anrufen aappeler appeler llamar ligar chiamare "
    "dachiamare bellen dzwonic".split()
)
# `Patient Deceased Y/N` and `Blocked Since` are `deceased` and `blocked`.
_BEFORE = frozenset(
    "is has was contact customer client lead patient person member account kunde patientin ist".split()
)
_BEHIND = frozenset(
    "flag indicator ind yn jn marker date datum at on since seit am by von reason grund time".split()
)
_YES_NO = frozenset(
    tuple(pair.split("/"))
    for pair in "yes/no y/n ja/nein j/n oui/non o/n si/no s/n sim/nao tak/nie ja/nee".split()
)
# In a name with a word for calls: `Darf angerufen werden`, `Appel autorisé`, `Autoriza llamadas`.
_ALLOWED = frozenset(
    """
    allowed permitted authorized authorised may erlaubt erlaubnis gestattet gewunscht erwunscht zustimmung zugestimmt darf
    autorise autorisee autorises autorisation accord accepte permis autoriza autorizado autorizada autorizacion acepta
    permite permiso permitido autorizacao permissao aceita autorizzato autorizzata autorizza autorizzazione accetta permesso
    toegestaan mag tillatelse tillatt tilladelse tilladt tillstand tillaten lupa povoleno zezwala zezwolenie
    durfen konnen pouvons peut podemos possiamo mogen mozemy разрешено разрешение разрешен разрешены 許可 허용
    """.split()
)
_OF_CALLS = tuple(
    "anruf angeruf telef telephon phon appel llam ligac ligar chiam bellen gebeld call kontakt contact ring dzwon звон".split()
)
_CONSENT_WITHIN = tuple(
    fold(name)
    for name in (
        "opt in",
        "opted in",
        "accepts marketing",
        "ok to call",
        "okay to call",
        "can call",
        "may call",
        "may we call",
        "allow call",
        "allow calls",
        "accept calls",
        "call allowed",
        "contact allowed",
        "contact ok",
        "ok to contact",
        "can contact",
        "may contact",
        "can be called",
        "may be called",
        "contactable",
        "可联系",
        "可致电",
        "可聯絡",
        "架電可",
        "電話可",
        "통화가능",
        "연락가능",
        "السماح بالاتصال",
        "موافقة",
        "הסכמה",
        "ยินยอม",
        "同意",
        "동의",
        "согласие",
    )
)


@lru_cache(maxsize=4096)
def says(column: str) -> Says:
    """Return the meaning of a column, judged by its name."""
    plain, parts = fold(column), frozenset(words(column))
    if plain in _DO_NOT_CALL or allows_only_another_channel(column) or _without_frame(column) in _DO_NOT_CALL:
        return Says.DO_NOT_CALL
    if not parts.isdisjoint(_ABOUT_A_MARK) or (_CHECKS & parts and _MOMENTS & parts):
        return Says.NOTHING
    other = not parts.isdisjoint(OTHER_CHANNELS) or any(each in plain for each in _OTHER_CHANNELS_WITHIN)
    if (
        any(phrase in plain for phrase in _WITHIN)
        or not parts.isdisjoint(_AS_A_WORD)
        or any(pair <= parts for pair in _TOGETHER)
    ):
        return Says.OTHER_CHANNEL if other and parts.isdisjoint(CALLS) else Says.DO_NOT_CALL
    if other and {"do", "not"} <= parts:
        return Says.OTHER_CHANNEL
    # `Wrong Phone` has another number, and is no mark.
    if (len(parts) > 1 or not column.isascii()) and "phone" not in parts and says_do_not_call(column):
        return Says.DO_NOT_CALL
    if (
        plain in _YES_OR_NO
        or not parts.isdisjoint(_CONSENT_WORDS)
        or any(phrase in plain for phrase in _CONSENT_WITHIN)
        or (not parts.isdisjoint(_ALLOWED) and any(stem in plain for stem in _OF_CALLS))
    ):
        return Says.CONSENT
    return Says.NOTHING


def _without_frame(column: str) -> str:
    """Return the folded name without the words around it that only say what kind of value it has, and whose."""
    parts = list(words(column))
    if tuple(parts[-2:]) in _YES_NO:
        del parts[-2:]
    while parts and parts[0] in _BEFORE:
        del parts[0]
    while parts and parts[-1] in _BEHIND:
        del parts[-1]
    return "".join(parts)


def says_inside(path: str) -> Says:
    """Return the meaning of a field inside an object of a JSON contact, e.g. `preferences.do_not_call`."""
    whole, own = says(path), says(path.rpartition(".")[2])
    return own if own is Says.DO_NOT_CALL and whole is not Says.OTHER_CHANNEL else whole


_REMARKS = frozenset(
    fold(name)
    for name in """
    status stage disposition preference preferences preferred result outcome tag tags label labels flag flags note notes comment comments remark remarks
    category categories segment segments group groups membership reason memo annotation annotations
    notiz notizen bemerkung bemerkungen kommentar kommentare anmerkung anmerkungen hinweis hinweise schlagwort schlagworte
    kennzeichen ergebnis statut étiquette étiquettes commentaire commentaires remarque remarques résultat estado etiqueta
    etiquetas nota notas comentario comentarios observación observaciones resultado situação observação observações
    comentário comentários stato etichetta etichette commento commenti osservazioni esito opmerking opmerkingen notitie
    notities resultaat uwagi notatki komentarz komentarze anteckning anteckningar kommentarer merknad bemærkning huomautus
    tila poznámka poznámky megjegyzés állapot observații stare notlar durum açıklama статус заметка заметки примечание
    примечания комментарий комментарии теги статуси нотатки σημειώσεις κατάσταση 状态 状態 备注 備註 標籤 标签 備考 メモ ステータス タグ
    対応状況 상태 메모 비고 태그 حالة ملاحظات الحالة סטטוס הערות स्थिति टिप्पणी catatan keterangan ghi chú หมายเหตุ สถานะ
    """.split()
)


@lru_cache(maxsize=4096)
def is_remark(column: str) -> bool:
    """Return whether a column, judged by its name, has states, labels or notes, which may say whom not to call."""
    parts = frozenset(words(column))
    return (fold(column) in _REMARKS or not _REMARKS.isdisjoint(parts)) and not is_of_another_channel(column)


_NO = frozenset(
    fold(word)
    for word in """
    no n false f 0 00 off nein non nej nei nee nie não ei ne nem nu hayır yok нет ні не ложь false. falsch faux falso fałsz
    onwaar falsk falskt yanlış hamis nepravda epätosi не否 否 不 不是 无 無 没有 いいえ 無し なし 아니오 아니요 لا كلا नहीं ना tidak
    bukan không ไม่ ไม่ใช่ όχι ψευδές לא خیر না unchecked clean notlisted notonlist notondnc
    """.split()
)


def is_clear_no(cell: object) -> bool:
    """Return whether a cell of a do-not-call column clearly allows calls.

    These cells do: an empty one, false, 0, and "no" in one of many languages. Any other cell may be a yes, the date
    of an opt-out or a reason, and counts as a mark.
    """
    if cell is None or cell is False:
        return True
    if isinstance(cell, (int, float)):
        return cell == 0 and not isinstance(cell, bool)
    if not isinstance(cell, str):
        return False
    return _text_is_no(cell) if len(cell) <= _LONGEST_NO else False


_LONGEST_NO = 20


@lru_cache(maxsize=4096)
def _text_is_no(cell: str) -> bool:
    text = "".join(char for char in cell if unicodedata.category(char) not in ("Cf", "Cc", "Zs")).strip(" '.")
    return (
        not text
        or (fold(text) in _NO and all(map(_is_word, text)))
        or text in ("0.0", "0.00", "0,0", "\N{BALLOT BOX}")
    )


def _is_word(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char) in ("Mn", "Mc")
