"""Remarks that say whom not to call, and others that do not, in the words that people write."""

import pytest

from xuna_cli.screening import remarks
from xuna_cli.screening.mark_names import Says, says
from xuna_cli.screening.remarks import allows_only_another_channel, is_cancelled, says_do_not_call

SAID = """
does not want to be called|doesn't want calls|please don't phone|dont ever call|do NOT ever call again|refuses calls|no calls
asked to be removed|take me off the list|taken off our calling list|stop calling me|asked us to stop|leave him alone
cease and desist|wrong #|wrong no.|Number is wrong|number belongs to someone else|not his number|optout|opted-out 3/4|STOP
doesn't want to be contacted|Not to be contacted|consent revoked|Patient died in March|died|RIP|Ann (dec'd)|Estate of Ann Lee
gestorben|† 2023|Anruf unerwünscht|kein Kontakt gewünscht|nicht telefonisch kontaktieren|Nicht mehr kontaktieren!
Kunde will nicht mehr kontaktiert werden|möchte nicht angerufen werden|darf nicht angerufen werden|bitte keine Anrufe
Nummer falsch|falsche Handynummer|hat der Werbung widersprochen|Einwilligung widerrufen
ne souhaite plus être appelé|ne veut plus être contacté|ne souhaite pas être rappelée|pas d'appels|n'appelez plus
Ne pas téléphoner|ne pas le rappeler|refuse les appels|faux n°|Désinscrit|Désabonnée|décédée
no quiere que le llamen|no quiere ser contactado|no volver a contactar|no llame|pidió que no lo llamen|que no le llamemos
no desea ser contactado|teléfono equivocado|falleció en 2020|não quer receber ligações|não deseja contato|faleceu
non vuole essere chiamato|non desidera essere contattato|numero errato|deceduta|wil niet gebeld worden|verkeerd nummer
geen telefoontjes|nie życzy sobie kontaktu|proszę nie dzwonić więcej|zły numer|zmarł|vill inte bli uppringd|avliden
må ikke ringes op|ønsker ikke opkald|ring ikke|älä soita|ei halua puheluita|kuollut|nevolat|nepřeje si volat|zemřel
ne hívja|rossz telefonszám|nu mai sunați|decedat|aramayın|aranmak istemiyor|yanlış numara|vefat etti
не звоните|больше не звонить|не хочет никаких звонков|умер|ошибочный номер|не тот номер|μην τον καλείτε|λάθος αριθμός
jangan telepon|salah nomor|đừng gọi|電話しないでください|かけないで|ご逝去|番号違い|死亡|不要再打电话|请勿再联系|已故|号码错误
전화하지 마세요|전화 금지|사망|لا تتصل به|متوفى|رقم خاطئ|לא להתקשר|נפטר|फोन मत करना
"""
NOT_SAID = """
not called yet|No contact made|no answer|never called|never contacted|don't forget to call|please don't hesitate to call
could not be contacted|did not call back|wants to be called back|prefers calls in the morning|please do not ring the bell
do not leave a message|opted out of email|unsubscribed from newsletter|No SMS|doesn't want SMS|doesn't like onions
wrong number of items|wrong address|removed from waitlist|price list sent|number taken from list 5|asked for a list|asked to stop medication
Bus stop 5|trip to Rome|Battery died|Real Estate of Texas|not interested at the moment|number disconnected|consent given
option A|adopted|no phone|Dec 3, D. Miller|is dead set on blue|We never call it off|not the number one
noch nicht angerufen|nicht erreicht|kein Kontakt|Rückruf erbeten|nicht vergessen: anrufen|konnte nicht angerufen werden
möchte angerufen werden|möchte nicht per Mail kontaktiert werden|falsche Adresse|telefonisch nicht erreicht
pas encore appelé|pas encore d'appel|aucun appel|n'a pas pu être contacté|ne pas oublier de rappeler|souhaite être rappelé|ne veut plus de courriels
no contesta|sin llamadas|no se pudo contactar|no pude llamar|volver a llamar|no olvidar llamar|não atendeu a ligação
non è stato possibile contattare|da richiamare|kon niet gebeld worden|wil gebeld worden|nie dodzwoniono się
ring tillbaka|inte uppringd|svarer ikke|ei vastaa|nem veszi fel|не отвечает|не дозвонились|позвонить
要電話|電話済み|未接电话|可以打|부재중|لم يرد|לא ענה
"""


def phrases(text):
    return [phrase.strip() for line in text.strip().splitlines() for phrase in line.split("|")]


@pytest.mark.parametrize("phrase", phrases(SAID))
def test_a_remark_that_says_not_to_call_is_found_in_any_case_and_among_other_words(phrase):
    assert says_do_not_call(phrase)
    assert says_do_not_call(phrase.upper())
    if phrase.casefold() not in {"stop", "rip", "died", "死亡", "사망"} and not phrase.startswith("Estate"):
        assert says_do_not_call(f"VIP. {phrase}")


def test_a_state_of_a_cancelled_appointment():
    assert all(
        map(
            is_cancelled,
            ["Cancelled", "canceled", "wc-cancelled", "Storniert", "Annulé", "取消", "İptal edildi"],
        )
    )
    assert not any(map(is_cancelled, ["", "Confirmed", "not cancelled", "cancellation fee", None, 5]))


def test_a_remark_that_says_something_else_is_not_taken_for_it():
    assert [phrase for phrase in phrases(NOT_SAID) if says_do_not_call(phrase)] == []


def test_a_remark_that_allows_only_another_channel():
    only = [
        "SMS only",
        "Contact by e-mail only please",
        "nur per E-Mail",
        "uniquement par mail",
        "solo WhatsApp",
    ]
    assert [text for text in only if not allows_only_another_channel(text)] == []
    other = [
        "only",
        "phone only",
        "read only",
        "nur vormittags",
        "email",
        "only the mail about orders",
        "SMS",
    ]
    assert [text for text in other if allows_only_another_channel(text)] == []


@pytest.mark.parametrize("table", [remarks._ABOUT_CALLS, remarks._OF_ANY_CHANNEL])
def test_patterns_are_written_as_texts_are_folded(table):
    for clue, pattern in remarks._by_clue(table).items():
        assert not clue.isascii() or any(each in clue for each in remarks._CLUES), clue
        for text in (clue, pattern.pattern.strip()):
            assert text == text.casefold().replace("й", "и").replace("ς", "σ")
            assert not text.startswith(" ")
            assert not text.endswith(" ")


def test_each_word_that_says_it_as_a_whole_has_a_clue():
    assert all(any(each in word for each in remarks._CLUES) for word in remarks._WHOLE if word.isascii())


@pytest.mark.parametrize(
    ("meaning", "names"),
    [
        (
            Says.DO_NOT_CALL,
            """Date of Death|Deceased Date|Sterbedatum|Date de décès|Fecha de defunción|Dødsdato|死亡日|SMS Only
            Contact by email only|Kein Telefonkontakt|Kontaktverbot|Werbewiderspruch|Arama yapılmasın|Wants no calls
            Opt-out reason|Unsubscribe Source|No Call Flag|Deleted|deleted_at|Patient Deceased Y/N|Contact blocked|Blocked Since|Gesperrt am
            Gesperrt (ja/nein)|TPS Indicator|架電不可フラグ|是否黑名单|수신거부 여부""",
        ),
        (
            Says.NOTHING,
            """Opt-out URL|Unsubscribe link|DNC Checked Date|DNC scrubbed at|Not called|No answer count|Stop|Wait list
            Text format|Letzter Anruf|Authorization code|May|Contact|Appels|Ligação|Contact date|Customer since|Is active|Account|Wrong Phone
            架電日時""",
        ),
        (
            Says.CONSENT,
            """Anrufen|Darf angerufen werden|Telefonkontakt erlaubt|Appel autorisé|Autoriza llamadas|Autorizza chiamate
            Mag gebeld worden|Call permitted|звонки разрешены|是否可联系|電話可否|통화가능 여부|Dürfen wir Sie anrufen?
            Pouvons-nous vous appeler ?|İYS Arama İzni""",
        ),
        (Says.OTHER_CHANNEL, "WhatsApp opt-out|Email opt out|SMS Opt-Out|Do not e-mail"),
    ],
)
def test_the_name_of_a_column_says_what_its_cells_mean(meaning, names):
    assert {name: says(name) for name in phrases(names)} == dict.fromkeys(phrases(names), meaning)
