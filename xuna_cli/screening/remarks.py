"""Find words such as "do not call" in remarks: in the cells of any column, and in its name.

Each pattern matches whole words, folded as by `folding.words`: lower case without accents, digits and punctuation. A
line has clues and then their pattern. A clue is a part of a word, and every text that matches the pattern has at least
one of them. So nearly all texts are decided by the clues, and no pattern is tried. A line that begins with spaces
continues the line above. In a pattern, `<` is the begin of a text, and `>` its end.
"""

import re
from functools import lru_cache

from xuna_cli.folding import fold, words
from xuna_cli.lazy_pattern import lazy_pattern

_ABOUT_CALLS = r"""
call,phon,ring,dial  (do not|don t|dont|donot|never|must not|should not|shall not|not to) (ever |please )?(call|phone
  |telephone|ring|dial|be called|be phoned)(?! it )(?! (on )?(the |at the |my )?(door ?)?bell)
call  (no|no more|no further|no sales|no marketing|no phone|no telephone|no cold|no robo) (calls
  |calling)(?! (yet|so far|made|logged|received|returned|answered))
call,phon,ring  stop (\w+ )?(calling|phoning|ringing)
call,phon  (not|t|dont|doesnt|didnt|never|no longer) (want|wants|wish|wishes|like|agree|consent
  |interested)( \w+){0,4} (call|calls|called|calling|phoned|telephoned)
call,phon  (refuses?|refused|declines|objects|objected|opposed)( \w+){0,2} (calls|called|phone contact
  |telephone contact)
number,phone  do not use (this|that|the) (number|phone|phone number)
dnc,disturb,dnd,call  dnc|do not disturb|dnd|donotcall
litigat  litigator
list  ((remove|removed|removing|delete|deleted)( \w+){0,3} (from|off)|(take|taken|took)( \w+){0,3} off)( of)?( (the|our
  |your|my|this|that|all|any|call|calling|contact|phone|dial|dialing|marketing|future))* lists?
remove,taken  (asked|asks|wants|wanted|requests|requested|wishes) (us )?to be (removed
  |taken off)(?! from (the )?wait)
stop  (asked|asks|told) (us )?to stop >
alone  leave (me|him|her|them|us) alone
cease  cease and desist|cease (all )?(contact|calls|calling|communications?)
wrong,incorrect  (wrong|incorrect) (number|numbers|no|num|nr|phone|tel|person|party)(?! of)
wrong,incorrect  (number|phone) (is )?(wrong|incorrect)
belong,else  belongs to (someone|somebody) else|(someone|somebody) else s (number|phone)
number  (not|no longer|isn t) (his|her|their|my|the right) (phone )?number
deceas,passed,dead,dec  deceased|passed away|is dead (>|since|now)|dec d >
died  (patient|client|customer|member|owner|he|she|has|have) died|died (in|on)|< died >
estate  < estate of
consent,permission  (consent|permission) (\w+ )?(revoked|withdrawn|denied|refused)|(revoked|withdrew|withdrawn
  |denied|refused|no) (consent|permission)
anruf,anzuruf,angeruf,telefon  nicht (mehr |wieder |nochmals? |erneut |weiter |bitte |telefonisch )*(anrufen
  |anzurufen|telefonieren)
anruf,telefon  keine?n? (weiteren? |telefonischen? )*(anrufe|anrufen|werbeanrufe|telefonanrufe|telefonate
  |telefonkontakt|telefonische kontaktaufnahme)
anruf,angeruf  < nicht angerufen werden|kein anruf (mehr|erwunscht|gewunscht|bitte)
anruf  anrufe? (\w+ )?(unerwunscht|nicht erwunscht|nicht gewunscht|untersagt|verboten)
anruf,angeruf,telefon  (will|mochte|wunscht|wollen|wollte|wunschen|bittet|darf|durfen|soll|sollte)( \w+){0,3} (nicht
  |keine?n?)( \w+){0,4} (anrufe?|anrufen|angerufen|telefonisch\w*|telefonate)
anruf,telefon  anrufsperre|telefonsperre|telefonverbot
falsch  falsche[rs]? (telefon|handy|mobil|ruf)?(nummer|nr|tel)|(telefon|handy|mobil|ruf)?(nummer
  |nr) (ist )?falsch
storben  verstorbene?r?|gestorben
appel,telephon,demarch  (ne|n) (\w+ ){0,2}(pas|plus|jamais) (le |la |l |les |me |nous |lui )?(appeler|rappeler
  |telephoner|demarcher)
appel  n (r?appele[zr]) (pas|plus|jamais)
appel,telephon,demarch  (veut|veulent|souhaite|souhaitent|desire|voulait|accepte) (pas
  |plus)( \w+){0,4} (r?appelee?s?|appels?|r?appeler|telephonee?|telephone|demarchee?|demarchage)
appel,demarch  (pas|plus|stop|refuse|refuse tout) (d |les |de )?(appels?|demarchage)
numero,faux,mauvais  (mauvais|faux) (numero|num|n|no|tel)|erreur de numero|numero errone
deced  decedee?
llam,telefone  no (volver a |vuelva a |vuelvan a |lo |le |la |les |me |nos |se |mas )*(llamar|llame|llamen
  |llames|llamemos|llamar[lm]\w+|telefonear)
llam,telefon  no (quiere|quieren|desea|desean|acepta|autoriza|quiso)( \w+){0,4} (llam\w+|telefon\w+)
llamadas  no mas llamadas
equivocad,erroneo,incorrecto  (numero|telefono|tlf) (equivocado|erroneo|incorrecto)
falleci,difunt  falleci(o|do|da)|difunt[oa]
ligar,ligu,telefon,chamar  nao (mais |me |lhe |voltar a )*(ligar|ligue|liguem|telefonar|telefone|chamar)
liga,ligu,telefon,chamad  nao (quer|deseja|aceita|autoriza|gostaria)( \w+){0,4} (liga\w+|ligue\w*|telefon\w+
  |chamad\w+)
errado,incorret  (numero|telefone) (errado|incorreto)
falec  falec(eu|ido|ida)
chiam,telefona  non (piu |mi |lo |la |li |gli )*(chiamare|richiamare|chiamar\w+|chiamate|chiamatelo|telefonare
  |telefonate)
chiam,telefon  non (vuole|vogliono|desidera|desiderano|accetta|gradisce|autorizza)( \w+){0,4} (r?i?chiama\w*
  |telefon\w+)
sbagliat,errato  numero (sbagliato|errato)
decedut,defunt  decedut[oa]|defunt[oa]
bel,gebeld  niet (meer |nogmaals |terug |opnieuw )*(bellen|opbellen|terugbellen)|bel me niet
bel,telefo  (wil|wilt|wenst|wensen|willen|mag|moet)( \w+){0,2} (niet|geen)( \w+){0,4} (gebeld|opgebeld|bellen
  |telefoontjes?|telefonisch\w*)
telefo  geen (telefoontjes|telefonisch contact)
verkeerd,foutie,onjuist  (verkeerde?|foutieve?|foutief|onjuiste?) (nummer|telefoonnummer)
overleden  overleden
dzwon,telefon  nie (wiecej |juz |nalezy )*(dzwonic|dzwon|dzwoncie|telefonowac)
dzwon,telefon,polacz  nie (zyczy|zycza|chce|chca|wyraza|zgadza)( \w+){0,4} (dzwon\w*|telefon\w*|polaczen\w*)
numer  (zly|bledny|niewlasciwy|nieprawidlowy) numer
zmarl,zyje  zmarl[aey]?|nie zyje
ring  (ring|ringa) (inte|ej|ikke)|(inte|ej|ikke) ring
ring,samtal,opkald,telefon  (vill|onskar|onsker|vil|ma|skal|far|bor) (inte|ej|ikke)( \w+){0,3} (ring|ringa
  |ringas|ringes|ringt|uppringd|oppringt|opringes|opringet|samtal|opkald|telefon\w*)
nummer  (fel|forkert|feil) (nummer|telefonnummer)
avlid,avdod,afdod  avliden|avlidit|avdod|afdod
soit,puhel  (ala|ei saa) (\w+ )?(soita|soittaa)|ei halua( \w+){0,2} (soit\w+|puhel\w+)|soittokielto
kuollut,vaara  kuollut|vaara numero
vola,telefon  nevolat|nevolejte|nevolajte|nepreje si( \w+){0,2} (volat\w*|telefon\w*)
zemrel,zomrel,cislo  z[eo]mrela?|(spatne|chybne|zle) cislo
hiv  ne hiv(ja|jak|jatok|d|jon)|nem (ker|kivan)( \w+)? hivast
elhunyt,meghalt,szam  elhunyt|meghalt|(rossz|teves|hibas) (telefon)?szam
suna,apel  nu (mai |il |o |ma )*(sunati|suna|apelati)|nu (vrea|doreste)( \w+){0,4} (sunat\w*|apel\w*)
decedat,gresit  decedata?|numar gresit
aramay,aramas,aranm,yapilmasin,vefat,yanlis  aramayin|aramayiniz|aramasin|aramasinlar|aranmasin|aranmak istem\w+
  |aranmayacak|arama yapilmasin|vefat et\w+|yanlis (numara|no|tel)
звон,беспоко  не (больше |надо |нужно |стоит |следует |просит )*(звонить|звоните|перезванивать|беспокоить
  |беспокоите)
звон  не (хочет|хотят)( \w+){0,3} звон\w+|отказ от звонков
номер,телефон  (неверныи|неправильныи|ошибочныи|чужои|не тот) (номер|телефон)|номер (неверныи|неправильныи|чужои
  |не тот)
умер,сконча,помер  умер(ла)?|скончал(ся|ась)|помер(ла)?
дзвон,турбува  не (дзвонити|дзвоніть|турбувати)
καλε,ενοχλ,τηλεφων  μην? (τον |την |με |μασ |ξανα)*(καλειτε|καλεσετε|ξανακαλεσετε|ενοχλειτε|τηλεφωνειτε)
λαθοσ,απεβι  λαθοσ (αριθμοσ|νουμερο)|απεβιωσε
jangan,salah,meninggal  jangan (di)?(hubungi|telepon|telpon)|salah nomor|nomor salah|meninggal dunia
goi,sai  (khong|dung) goi|sai so
"""
# "Opted out of e-mail" leaves calls open, "DNC, only e-mail" doesn't.
_OF_ANY_CHANNEL = r"""
contact,solicit  (do not|don t|dont|donot|never|must not|should not|shall not|not to) (ever |please )?(contact
  |solicit|be contacted)
contact  (no more|no further) contact|stop (\w+ )?contacting|requested no contact|no contact requested
contact  (not|t|dont|doesnt|didnt|no longer) (want|wants|wish|wishes)( \w+){0,4} (contact|contacted)
opt  opt out|opts out|opted out|opting out|optout|optedout
unsub  unsub|unsubscribed?|unsubscribes|unsubscribing
blacklist,blocklist  blacklisted|blocklisted
kontakt  nicht (mehr |wieder |nochmals? |erneut |weiter |bitte |telefonisch )*(kontaktieren
  |zu kontaktieren)
kontakt  keine?n? (weiteren? )?(kontakt|kontaktaufnahme) (mehr|erwunscht|gewunscht)|kontakt (unerwunscht
  |nicht erwunscht|nicht gewunscht)
kontakt  (will|mochte|wunscht|wollen|wollte|wunschen|bittet|darf|durfen|soll|sollte)( \w+){0,3} (nicht
  |keine?n?)( \w+){0,4} (kontakt
  |kontaktiert|kontaktaufnahme)
kontakt,werbe  werbewiderspruch|kontaktsperre|kontaktverbot
  |werbesperre
widerrufen,widerspr  einwilligung (\w+ )?widerrufen|hat( \w+){0,3} widersprochen
contact,sollicit,derang  (ne|n) (\w+ ){0,2}(pas|plus|jamais) (le |la |l |les |me |nous )?(contacter|recontacter
  |solliciter|deranger)
contact,sollicit,derang  (veut|veulent|souhaite|souhaitent|desire|voulait) (pas|plus)( \w+){0,4} (contact\w*
  |recontact\w*|sollicit\w*|derang\w*)
desinscri,desabonn,noire  desinscrite?|desabonnee?|liste noire
contact,molest  no (volver a |vuelva a |vuelvan a |lo |le |la |les |me |nos |se |mas )*(contactar|contacte
  |contacten|contactar[lm]\w+|molestar|molesten)
contact,molest  no (quiere|quieren|desea|desean|autoriza)( \w+){0,4} (contact\w+|molest\w+)
dado,negra  dado de baja|lista negra
conta,perturb,incomod  nao (mais |me |lhe |voltar a )*(contatar|contactar|contate|contacte|perturbar|perturbe
  |incomodar|incomode)
conta  nao (quer|deseja|aceita|autoriza|gostaria)( \w+){0,4} (contat\w+|contact\w+)
contatt,disturb  non (piu |mi |lo |la |li |gli )*(contattare|ricontattare|contattar\w+|contattate|disturbare
  |disturbate)
contatt,disturb  non (vuole|vogliono|desidera|desiderano|gradisce|autorizza)( \w+){0,4} (contatt\w+|disturb\w+)
contact,benader  niet (meer |nogmaals |opnieuw )*(contacteren|benaderen|contact opnemen)
contact,benader  (wil|wilt|wenst|wensen|willen|mag|moet)( \w+){0,2} (niet|geen)( \w+){0,4} (contact|benaderd
  |gecontacteerd)
kontakt,niepoko  nie (wiecej |juz |nalezy )*(kontaktowac|niepokoic)|nie (zyczy|zycza|chce|chca
  |wyraza)( \w+){0,4} kontakt\w*
kontakt  kontakta (inte|ej)|kontakt ikke|(vill|onskar|onsker|vil|ma|skal|far) (inte|ej
  |ikke)( \w+){0,3} kontakt\w*
kontakt  nekontaktovat|nepreje si( \w+){0,2} kontakt\w*
contactati  nu (mai )?contactati
"""
# In scripts that don't put spaces between words, or whose marks are lost when words are folded; without spaces.
_ANYWHERE = tuple(
    """
    † 请勿致电 勿拨打 勿打 不要打 不要再打 别打电话 别再打 勿联系 勿再联系 不要联系 拒绝来电 拒绝联系 請勿致電
    不要撥打 勿再聯絡 號碼錯誤 号码错误 打错 已故 已去世 勿扰 勿擾 免打扰 拒接 退订 黑名单 電話不可 電話禁止
    電話しない 電話拒否 かけないで 掛けないで 連絡しない 架電禁止 架電不可 架電拒否 連絡禁止 連絡拒否 電話お断り
    着信拒否 架電ng 電話ng 連絡不可 連絡ng 番号違い 番号間違い 間違い電話 逝去 亡くな 전화금지 전화하지마
    전화거부 연락금지 연락하지마 연락거부 수신거부 번호오류 잘못된번호 별세
    ห้ามโทร ไม่ต้องโทร ห้ามติดต่อ لاتتصل عدمالاتصال متوفى متوفي رقمخاطئ אלתתקשר לאלהתקשר נפטר מספרשגוי कॉलनकरें कॉलमत फोनमत
    फोननकरें गलतनंबर
    """.split()
)
# Words that say it as the whole text: the answer to a text message, a registry.
_WHOLE = frozenset("stop rip tps ctps robinson bloctel 死亡 사망".split())

OTHER_CHANNELS = frozenset(
    """
    email emails mail mailing mailings newsletter newsletters fax sms text texts texting whatsapp whats post postal
    letter letters push bulk correo mel courriel e direct track tracking viber telegram messenger chat
    """.split()
)
CALLS = frozenset("call calls calling phone telephone voice".split())
_ONLY = frozenset(
    "only nur uniquement seulement solo solamente somente apenas soltanto alleen tylko endast kun".split()
)
_BESIDE_ONLY = frozenset("contact kontakt kontaktieren by per via par por mit please bitte the app".split())
_CANCELLED = frozenset(
    fold(state)
    for state in (
        "cancelled|canceled|storniert|abgesagt|annulé|annulée|annullato|annullata|cancelado|cancelada|geannuleerd|afgezegd"
        "|anulowane|anulowany|peruttu|avbokad|aflyst|avlyst|zrušeno|iptal|iptal edildi|отменен|отменено|отменён"
        "|キャンセル|取消|已取消|취소|ملغى|בוטל"
    ).split("|")
)
_LONGEST_ONLY = 40  # characters
_SPELLED = lazy_pattern(r"\bd\W+n\W+c\b")


def _by_clue(table: str) -> dict[str, re.Pattern[str]]:
    found: dict[str, list[str]] = {}
    for line in table.strip().replace("\n  ", "").splitlines():
        clues, _, pattern = line.partition("  ")
        for clue in clues.split(","):
            found.setdefault(clue, []).append(pattern)
    return {clue: lazy_pattern(f" (?:{'|'.join(patterns)}) ") for clue, patterns in found.items()}


_CALLS_BY_CLUE, _ANY_BY_CLUE = _by_clue(_ABOUT_CALLS), _by_clue(_OF_ANY_CHANNEL)
# Each clue of the tables has one of these in it. Most texts have none, and this is a fast way to know.
_CLUES = tuple(
    """
    call num list dnc stop opt onta phon ring dial dnd turb litigat remov taken alone cease wrong incorr bel
    else passed dead dec died estate consent permission unsub licit tps rip robinson bloctel ruf telef fal
    storben werbe wider appel demarch faux mauvais desins desabon derang noire llam equivocad err funt molest
    dado negra lig cham chiam sbagliat verkeerd foutie onjuist overleden benader zwon polacz zmarl zyje niepoko
    samtal opkald avlid dod soit puhel kuollut vaara vola mrel cislo hiv elhunyt meghalt szam suna apel gresit
    aram aran yapilmasin vefat yanlis jangan salah meninggal goi sai incomod
    """.split()
)


def is_of_another_channel(text: str) -> bool:
    """Return whether a text is about e-mail, text messages or post, and not about calls."""
    parts = words(text)
    return not OTHER_CHANNELS.isdisjoint(parts) and CALLS.isdisjoint(parts)


def allows_only_another_channel(text: str) -> bool:
    """Return whether a text says that the person may only be reached in another way: "SMS only", "nur per E-Mail"."""
    if len(text) > _LONGEST_ONLY:
        return False
    if _ONLY.isdisjoint(text.lower().replace(",", " ").strip(" .!;").split()):
        return False
    parts = frozenset(words(text))
    return (
        not _ONLY.isdisjoint(parts)
        and not OTHER_CHANNELS.isdisjoint(parts)
        and parts <= _ONLY | OTHER_CHANNELS | _BESIDE_ONLY
    )


def is_cancelled(cell: object) -> bool:
    """Return whether a cell says, as a whole, that an appointment or order is cancelled."""
    return (
        isinstance(cell, str) and len(cell) <= _LONGEST_ONLY and fold(cell.removeprefix("wc-")) in _CANCELLED
    )


def says_do_not_call(text: object) -> bool:
    """Return whether a cell of any column, or its name, says in words that the person must not be called.

    "Do Not Call", "vip; dnc" and "DO NOT CALL! Asked twice." do; "opted out of e-mail" does not.
    """
    return isinstance(text, str) and _text_says_do_not_call(text)


def may_say_do_not_call(text: str) -> bool:
    """Return whether a text is worth a closer look; it takes a few microseconds."""
    if not text.isascii():
        return True
    lower = text.lower()
    for clue in _CLUES:  # faster than any(), for each remark
        if clue in lower:
            return True
    return "d" in lower and _SPELLED.search(lower) is not None


@lru_cache(maxsize=4096)
def _text_says_do_not_call(text: str) -> bool:
    if not may_say_do_not_call(text):
        return False
    if not text.isascii():
        joined = "".join(text.casefold().split())
        if any(said in joined for said in _ANYWHERE):
            return True
    parts = words(text.replace("#", " number "))
    if len(parts) == 1 and parts[0] in _WHOLE:
        return True
    plain = f" < {' '.join(parts)} > "
    if " d n c " in plain or _matches(_CALLS_BY_CLUE, plain):
        return True
    return _matches(_ANY_BY_CLUE, plain) and not is_of_another_channel(text)


def _matches(table: dict[str, re.Pattern[str]], plain: str) -> bool:
    for clue, pattern in table.items():  # noqa: SIM110 - faster than any(), for each remark with a clue
        if clue in plain and pattern.search(plain):
            return True
    return False
