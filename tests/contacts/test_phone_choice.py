"""Choosing the phone column of real headers, by names and by cells."""

import json

import pytest

from xuna_cli.contacts.phone_names import Standing, standing
from xuna_cli.errors import InputError

OWN = """
Phone 1 - Value|Phone 2 - Value|Mobile Phone|Business Phone|Business Phone 2|Home Phone|Car Phone|Other Phone|Primary Phone
Telefon geschäftlich|Telefon (geschäftlich)|Telefon (privat)|Telefon privat 2|Mobiltelefon|Weiteres Telefon|Haupttelefon|Autotelefon
Téléphone (bureau)|Téléphone 2 (bureau)|Téléphone (domicile)|Tél. mobile|Téléphone (autre)|Téléphone principal
Teléfono del trabajo|Teléfono del trabajo 2|Número de teléfono 2 particular|Móvil|Teléfono adicional|Teléfono principal
Telefono (uff.)|Telefono (ab.)|Cellulare|Altro telefono|Telefoon op werk|Mobiele telefoon|Telefoon thuis
Telefone comercial|Telefone residencial|Telemóvel|Celular|Telefon do domu|Telefon komórkowy|Рабочий телефон|Мобильный телефон
Phone Number|Mobile Phone Number|WhatsApp Phone Number|MobilePhone|HomePhone|OtherPhone|Phone|Mobile|Customer phone number
Person - Phone - Work|Person - Phone - Mobile|SMS Phone|SMS Phone Number|Cell Phone|Invitee Phone Number|Buyer Phone|alt_phone
What's your phone number?|Mobile number *|to_number|contact_number|phone number|phone_number|recipient_phone|Phone #|Ph. No.
Telefon|Telefonnummer|Handy|Handynummer|Rufnummer|Mobilnummer|Festnetz|téléphone|N° de téléphone|portable|teléfono|celular|móvil
cellulare|telefono|telefone|telemóvel|телефон|Номер телефона|мобильный|电话|手机|手机号|电话号码|手機號碼|電話番号|携帯|携帯電話番号|전화번호
휴대폰|휴대전화 번호|핸드폰|연락처|هاتف|رقم الهاتف|جوال|رقم الجوال|موبايل|फ़ोन|मोबाइल|मोबाइल नंबर|फ़ोन नंबर|ফোন নম্বর|telepon|nomor telepon|nomor hp
No. HP|số điện thoại|SĐT|โทรศัพท์|เบอร์โทรศัพท์|มือถือ|telefoon|telefoonnummer|puhelin|puhelinnumero|matkapuhelin|Mobilnr|Tlf|Tlf.nr.
Telefonszám|Nr telefonu|Telefonní číslo|Τηλέφωνο|Κινητό|Cep Telefonu|GSM|טלפון|טלפון נייד|Tel.|Tel|msisdn|Number to call
"""
ADDRESS = "billing_phone|Billing Phone|shipping_phone|Shipping Phone|Default Address Phone|Card Address Phone"
OTHERS = """
Assistant's Phone|Company Main Phone|Telefon Assistent|Telefon Firma|Téléphone de l'assistant(e)|Téléphone société|Manager Phone
Emergency Contact Phone|Phone Number (Company)|AssistantPhone|Asst Phone|Spouse phone|Next of Kin Phone|NOK Tel|ICE Phone
Caregiver Phone|Driver Phone|Guarantor Phone|Our Phone|Old Phone|Co-signer Phone|Social Worker Phone|Celular papá|Hätäyhteyshenkilö puhelin|母の携帯|妈妈手机|엄마 핸드폰|Wrong Phone|Clinic Phone|Notfalltelefon|Notfallkontakt Telefon
Telefon Eltern|Telefon Erziehungsberechtigte|Hausarzt Telefon|Téléphone d'urgence|Téléphone mère|Tél. personne à prévenir
emerg_phone_1|PCP Phone|GuarPhone|Tel. Referencia 1|Telefon Zentrale|Teléfono de emergencia|Teléfono de la madre|Teléfono tutor|Telefone do responsável|Telefono di emergenza|Telefono genitore
Noodcontact telefoon|Telefoon ouders|Telefon rodzica|Telefon vårdnadshavare|Telefon pårørende|Huoltajan puhelin|Telefon rodičů
Szülő telefonszáma|Telefon părinte|Veli Telefonu|Acil Durum Telefonu|Телефон родителя|Τηλέφωνο γονέα|緊急連絡先電話番号|保護者電話番号
紧急联系人电话|家长电话|보호자 전화번호|هاتف الطوارئ|טלפון חירום|आपातकालीन फ़ोन|เบอร์โทรผู้ปกครอง|No. HP orang tua|Số điện thoại phụ huynh
"""
WEAK = "Number|number|Nummer|Número|номер|号码|To|to"
NO = """
Phone 1 - Label|Phone 1 - Type|Phonetic First Name|Business Fax|Home Fax|Fax|Fax geschäftlich|Télécopie (bureau)|Telefax|Факс
ISDN|Pager|Telex|TTY/TDD Phone|Telefon für Hörbehinderte|phone_code|Phone Country Code|Phone Verified|Phone Type|phone_number_id
Invoice Number|Order Number|Account Number|Number of seats|ID|Record ID|Automobile|Immobilie|Excel|Microphone|Hotel|Mobility|Phone Model
Contact Name|from_number|agent_phone_number_id|transfer_phone|Phone opt out|Last phone call|tel:+13035550100|Phone Extension|Caller ID
"""


def names(text):
    return [name.strip() for line in text.strip().splitlines() for name in line.split("|")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (OWN, Standing.OWN),
        (ADDRESS, Standing.ADDRESS),
        (OTHERS, Standing.OTHERS),
        (WEAK, Standing.WEAK),
        (NO, Standing.NO),
    ],
    ids=["own", "address", "others", "weak", "no"],
)
def test_real_headers_say_whose_number_a_column_has(text, expected):
    assert {name: standing(name).name for name in names(text)} == dict.fromkeys(names(text), expected.name)


def phone(opened, header, *rows, **options):
    return opened("\n".join([header, *rows]) + "\n", **options).phones


def test_a_column_that_is_empty_throughout_does_not_count(opened):
    found = phone(opened, "Mobile Phone,Business Phone,Home Fax", ",+15551230001,+15551230009")
    assert found.columns == ("Business Phone",)


def test_two_filled_columns_are_both_named_with_an_example(opened):
    with pytest.raises(InputError) as caught:
        phone(opened, "Mobile Phone,Business Phone", "+15551230001,", ",+15551230002")
    assert (
        "'Mobile Phone' (e.g. '+15551230001'), 'Business Phone' (e.g. '+15551230002')" in caught.value.message
    )
    assert "--phone-column 'Mobile Phone' --phone-column 'Business Phone'" in caught.value.hint


@pytest.mark.parametrize(
    "header",
    [
        "Number,Customer phone number",
        "number,Kontakt",
        "To,phone",
        "Number,billing_phone",
        "Nummer,Manager Phone",
    ],
)
def test_a_number_of_some_kind_is_ambiguous_beside_what_may_be_a_phone(opened, header):
    with pytest.raises(InputError) as caught:
        phone(opened, header, "2025550143,+15551230001")
    assert all(f"{name!r} (e.g." in caught.value.message for name in header.split(","))


@pytest.mark.parametrize("cell", ["10024", "INV-7", "", "2026-12-03"])
def test_a_number_that_can_be_no_phone_is_not_ambiguous(opened, cell):
    assert phone(opened, "Number,phone", f"{cell},+15551230001").columns == ("phone",)


@pytest.mark.parametrize("header", ["number,name", "Número,name", "to,name", "To,name"])
def test_a_number_of_some_kind_is_called_where_nothing_else_may_be_a_phone(opened, header):
    assert phone(opened, header, "+15551230001,Ann").columns == (header.split(",")[0],)


def test_an_identifier_beside_a_number_is_no_phone(opened):
    assert phone(opened, "number,customer_id,created", "+15551230001,1000000001,2026-12-03").columns == (
        "number",
    )


def test_the_phone_of_an_address_counts_where_the_person_has_none(opened):
    assert phone(opened, "billing_phone,shipping_phone", "+15551230001,").columns == ("billing_phone",)
    found = phone(opened, "Default Address Phone,Phone", "+15551230002,+15551230001")
    assert (found.columns, found.unused) == (("Phone",), ("Default Address Phone",))


@pytest.mark.parametrize("header", ["Assistant's Phone", "Company Main Phone", "Emergency contact phone"])
def test_the_phone_of_somebody_else_is_named_and_never_chosen(opened, header):
    with pytest.raises(InputError, match=r"this one may contain them: .*e\.g\. '\+15551230001'"):
        phone(opened, f"name,{header}", "Ann,+15551230001")


def test_a_column_of_any_name_is_named_by_what_is_in_it(opened):
    with pytest.raises(
        InputError, match=r"this one may contain them: 'Kontakt' \(e\.g\. '\+49 30 23125001'\)"
    ) as caught:
        phone(opened, "Name,Kontakt,Datum,Betrag", "Ann,+49 30 23125001,2026-12-03,1234567.50")
    assert "--phone-column Kontakt" in caught.value.hint


def test_a_number_far_down_the_list_is_told_of(opened):
    rows = ["+15551230001,"] * 600 + [",+15551230002"]
    contacts = opened("\n".join(["phone,mobile", *rows]) + "\n")
    assert contacts.phones.columns == ("phone",)
    assert contacts.phones.empty == ("mobile",)
    assert not contacts.first_rows_are_all


def test_what_is_wrong_in_the_rows_that_are_read_ahead_is_told_in_its_place(opened):
    contacts = opened('phone\n+15551230001\n"+1555\n')
    rows = iter(contacts)
    assert next(rows).row_number == 2
    with pytest.raises(InputError, match="row 3"):
        next(rows)


def test_the_columns_that_are_given_are_tried_in_their_order(opened):
    found = phone(opened, "phone,mobile,name", "1,2,3", phone_columns=("mobile", "phone"))
    assert (found.columns, found.given) == (("mobile", "phone"), True)
    with pytest.raises(InputError, match=r"no column 'mobil'; did you mean 'mobile'"):
        phone(opened, "phone,mobile,name", "1,2,3", phone_columns=("phone", "mobil"))


NESTED = [
    {"id": 1, "contact": {"name": "Ann", "phones": [{"value": "+15551230001"}], "Mobile": "+15551230002"}}
]


def test_a_number_within_a_json_contact_is_named_by_its_path(opened):
    with pytest.raises(InputError) as caught:
        opened(json.dumps(NESTED), name="a.json")
    assert "'contact.Mobile' (e.g. '+15551230002')" in caught.value.message


@pytest.mark.parametrize("path", ["contact.Mobile", "contact.phones.0.value"])
def test_a_path_is_a_phone_column(opened, path):
    assert opened(json.dumps(NESTED), name="a.json", phone_columns=(path,)).phones.columns == (path,)
    with pytest.raises(InputError, match="no column"):
        opened(json.dumps(NESTED), name="a.json", phone_columns=(f"{path}.x",))
