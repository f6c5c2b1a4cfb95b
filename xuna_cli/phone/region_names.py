"""Names of country columns, in the most used languages and the languages of Europe."""

from enum import IntEnum

from xuna_cli.folding import fold


class Kind(IntEnum):
    """Meaning of a column's name; the most reliable kind is used first."""

    MAYBE = 1
    """`Region`, `Land`: a country, or a part of one. The cells decide."""
    COUNTRY = 2
    COUNTRY_CODE = 3
    CALLING_CODE = 4


_NAMES = {
    Kind.MAYBE: "region|land|nation|market|territory|location|geo|geography|mercado|markt|countries",
    Kind.COUNTRY: "country|country region|country or region|country name|nation name|pays|pays region|país|pais región"
    "|país ou região|paese|nazione|kraj|страна|країна|държава|国家|國家|国|国名|国家地区|국가|나라|ülke|negara|quốc gia|ประเทศ"
    "|देश|الدولة|البلد|دولة|بلد|کشور|מדינה|χώρα|maa|země|krajina|ország|țară|valsts|šalis|riik|land region|land bzw region"
    "|country territory",
    Kind.COUNTRY_CODE: "country code|country iso|country iso code|iso country|iso country code|country iso 2|country iso 3"
    "|country iso alpha 2|country alpha 2|country alpha 3|iso2|iso3|iso 3166|iso code|country id code|countrycode2|landcode"
    "|landkode|landskod|ländercode|laendercode|länderkürzel|länderkennzeichen|ländercode iso|code pays|código país"
    "|código de país|código del país|código do país|codice paese|kod kraju|код страны|код країни|国家代码|國家代碼|国コード"
    "|국가 코드|ülke kodu|kode negara|mã quốc gia|รหัสประเทศ|رمز الدولة|رمز البلد|maakoodi|country abbreviation",
    Kind.CALLING_CODE: "phone country code|phone code|phone country|phone country prefix|phone prefix|dial code|dial prefix"
    "|dialing code|dialling code|calling code|country calling code|country dial code|country dialing code|dialing prefix"
    "|country dialling code|country prefix|international code|international prefix|international dialing code|intl code"
    "|intl prefix|isd|isd code|idd|idd code|country phone code|phone international code|ländervorwahl|laendervorwahl"
    "|landesvorwahl|internationale vorwahl|indicatif|indicatif pays|indicatif téléphonique|prefijo internacional"
    "|prefijo país|prefijo telefónico|ddi|código ddi|prefisso internazionale|landnummer|retningsnummer land|numer kierunkowy kraju"
    "|国番号|国際電話番号|国际区号|國際區號|국가번호|телефонный код страны|ülke telefon kodu|kode telepon negara|phonecc",
}
KINDS = {fold(name): kind for kind, names in _NAMES.items() for name in names.split("|")}
OF_A_PHONE = frozenset(
    "phone mobile cell telephone tel telefon telefono telefone number numbers value".split()
)
# Words for the person, who may be the owner of the country.
OF_THE_PERSON = frozenset(
    "contact customer lead person user recipient client patient prospect member subscriber buyer attendee invitee kunde "
    "client cliente kontakt default address primary main current of the no calculated e164 to".split()
)
