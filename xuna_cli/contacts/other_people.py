"""Words in a column's name that say that the phone number is not the person's: somebody else's, or an old one.

A parent, an emergency contact, an employer or a driver would be a stranger to the message. The words are those of the
most used languages and the languages of Europe, folded as in `folding`.
"""

from collections.abc import Iterable

from xuna_cli.folding import fold

_WORDS = frozenset(
    """
    assistant asst assistants assistent assistenten asistente ayudante assistente manager managers supervisor boss
    spouse partner wife husband emergency kin nok ice guar pcp gp rep representative salesperson owner company
    companies employer organization organisation org reception parent parents guardian guardians mother mothers father
    fathers mom mum dad child children sibling brother sister aunt uncle relative relatives caregiver carer caretaker
    friend friends neighbor neighbour neighbors neighbours colleague coworker guarantor responsible beneficiary
    witness attorney reference referrer referral referred support store shop branch vendor supplier dealer dealership
    broker courier driver technician dispatcher host doctor physician dentist nurse therapist caseworker clinic
    practice hospital pharmacy insurance insurer payer bank school teacher coach instructor counselor counsellor
    recruiter hr account business_unit office_main secretary landlord lawyer our old previous former wrong
    proxy trustee executor realtor lender officer escrow roommate co cosigner coborrower coapplicant worker accountant
    interviewer opponent
    firma firmen arzt praxis klinik krankenhaus zahnarzt schule lehrer chef vorgesetzter vorgesetzte mutter vater
    vormund betreuer betreuerin ehepartner ehefrau ehemann ehegatte vermieter makler anwalt versicherung nachbar
    freund kollege lieferant zentrale geschaftsleitung filiale hauptanschluss sekretariat alte altes vorherige
    societe entreprise mere pere tuteur tutrice responsable conjoint conjointe epoux epouse employeur medecin ecole
    prevenir proche referent parrain ancien ancienne
    empresa centralita madre padre padres tutor tutora apoderado acudiente familiar conyuge esposo esposa empleador
    medico escuela colegio jefe referencia referido pariente representante antiguo
    mae pai responsavel encarregado conjuge escola empregador azienda genitore genitori tutore coniuge moglie marito
    datore scuola familiare
    bedrijf ouder ouders verzorger verzorgers voogd moeder vader werkgever huisarts nood noodgeval noodcontact
    noodnummer foretag anhorig anhoriga malsman vardnadshavare foralder foraldrar mamma pappa papa mor far arbetsgivare
    parorende forelder foresatt foresatte foraelder foraeldre vaerge nodkontakt arbejdsgiver arbeidsgiver
    huoltaja huoltajan vanhempi vanhemman vanhempien aiti aidin isa isan lahiomainen lahiomaisen tyonantaja
    tyonantajan rodzic rodzica rodzicow matki ojca opiekun opiekuna alarmowy awaryjny pracodawcy malzonka szkoly
    lekarza rodic rodice rodicu rodica rodicov matka matky otec otce otca zastupce zastupcu nouzovy nouzove nudzovy
    zamestnavatele manzela manzelky skoly szulo szulei gondviselo veszhelyzeti anya apa munkaltato parinte parinti
    parintelui mama tata urgenta angajator roditelj roditelja skrbnik hitni majka otac
    acil veli velisi anne annesi baba babasi isveren sirket yakini darurat wali ayah ibu
    матери матері отца мамы папы супруга супруги компании организации الام الاب الوالد الوالدة الوالدين الشركة
    הורה הורים ההורים אמא אבא
    """.split()
)
# Parts of a word or of several words: compounds, inflected words, and scripts that don't put spaces between words.
_PARTS = tuple(
    map(
        fold,
        """
        notfall notruf eltern erziehungsberecht sorgeberecht angehorig arbeitgeber hausarzt emerg urgence
        nextofkin hatayhteys customerservice phuhuynh khancap nguoithan orangtua родител опекун экстренн
        работодател батьк екстрен спешн γονεα γονεων κηδεμον εκτακτ 緊急 紧急 保護者 家长 家長 监护人 監護人
        父亲 母亲 父親 母親 父の 母の 妈妈 爸爸 媽媽 配偶 公司 会社 介绍人 介紹人 推荐人 推薦人 紹介者 긴급 비상
        보호자 학부모 어머니 아버지 엄마 아빠 회사 طوارئ وليالامر חירום आपातकालीन अभिभावक ฉุกเฉิน ผู้ปกครอง
        """.split(),
    )
)


def is_of_others(parts: Iterable[str], plain: str) -> bool:
    """Return whether a phone column has another number than the person's own, judged by its name.

    Args:
        parts: the words of the name, as returned by `folding.words`.
        plain: the name, as returned by `folding.fold`.
    """
    return not _WORDS.isdisjoint(parts) or any(part in plain for part in _PARTS)
