"""Codes and names of countries with phone numbers: ISO 3166-1 alpha-3 to alpha-2, and names that people write."""

_CODES = """
ABW-AW AFG-AF AGO-AO AIA-AI ALA-AX ALB-AL AND-AD ARE-AE ARG-AR ARM-AM ASM-AS ATG-AG AUS-AU AUT-AT AZE-AZ BDI-BI BEL-BE
BEN-BJ BES-BQ BFA-BF BGD-BD BGR-BG BHR-BH BHS-BS BIH-BA BLM-BL BLR-BY BLZ-BZ BMU-BM BOL-BO BRA-BR BRB-BB BRN-BN BTN-BT
BWA-BW CAF-CF CAN-CA CCK-CC CHE-CH CHL-CL CHN-CN CIV-CI CMR-CM COD-CD COG-CG COK-CK COL-CO COM-KM CPV-CV CRI-CR CUB-CU
CUW-CW CXR-CX CYM-KY CYP-CY CZE-CZ DEU-DE DJI-DJ DMA-DM DNK-DK DOM-DO DZA-DZ ECU-EC EGY-EG ERI-ER ESH-EH ESP-ES EST-EE
ETH-ET FIN-FI FJI-FJ FLK-FK FRA-FR FRO-FO FSM-FM GAB-GA GBR-GB GEO-GE GGY-GG GHA-GH GIB-GI GIN-GN GLP-GP GMB-GM GNB-GW
GNQ-GQ GRC-GR GRD-GD GRL-GL GTM-GT GUF-GF GUM-GU GUY-GY HKG-HK HND-HN HRV-HR HTI-HT HUN-HU IDN-ID IMN-IM IND-IN IOT-IO
IRL-IE IRN-IR IRQ-IQ ISL-IS ISR-IL ITA-IT JAM-JM JEY-JE JOR-JO JPN-JP KAZ-KZ KEN-KE KGZ-KG KHM-KH KIR-KI KNA-KN KOR-KR
KWT-KW LAO-LA LBN-LB LBR-LR LBY-LY LCA-LC LIE-LI LKA-LK LSO-LS LTU-LT LUX-LU LVA-LV MAC-MO MAF-MF MAR-MA MCO-MC MDA-MD
MDG-MG MDV-MV MEX-MX MHL-MH MKD-MK MLI-ML MLT-MT MMR-MM MNE-ME MNG-MN MNP-MP MOZ-MZ MRT-MR MSR-MS MTQ-MQ MUS-MU MWI-MW
MYS-MY MYT-YT NAM-NA NCL-NC NER-NE NFK-NF NGA-NG NIC-NI NIU-NU NLD-NL NOR-NO NPL-NP NRU-NR NZL-NZ OMN-OM PAK-PK PAN-PA
PER-PE PHL-PH PLW-PW PNG-PG POL-PL PRI-PR PRK-KP PRT-PT PRY-PY PSE-PS PYF-PF QAT-QA REU-RE ROU-RO RUS-RU RWA-RW SAU-SA
SDN-SD SEN-SN SGP-SG SHN-SH SJM-SJ SLB-SB SLE-SL SLV-SV SMR-SM SOM-SO SPM-PM SRB-RS SSD-SS STP-ST SUR-SR SVK-SK SVN-SI
SWE-SE SWZ-SZ SXM-SX SYC-SC SYR-SY TCA-TC TCD-TD TGO-TG THA-TH TJK-TJ TKL-TK TKM-TM TLS-TL TON-TO TTO-TT TUN-TN TUR-TR
TUV-TV TWN-TW TZA-TZ UGA-UG UKR-UA URY-UY USA-US UZB-UZ VAT-VA VCT-VC VEN-VE VGB-VG VIR-VI VNM-VN VUT-VU WLF-WF WSM-WS
XKX-XK YEM-YE ZAF-ZA ZMB-ZM ZWE-ZW
"""
ALPHA_3 = {pair[:3]: pair[4:] for pair in _CODES.split()}
# Common names that libphonenumber's tables don't have.
NAMES = {
    "US": "United States|Estados Unidos|Stati Uniti|États-Unis|Vereinigte Staaten|VSA|U.S.|U.S.A.|America|United States of America|The United States|EUA|EE.UU.|EEUU|EE UU|États-Unis d'Amérique"
    "|Estados Unidos de América|Estados Unidos da América|Stati Uniti d'America|США|Соединенные Штаты Америки|미합중국|アメリカ|美國",
    "GB": "United Kingdom|Vereinigtes Königreich|Royaume-Uni|Reino Unido|Regno Unito|UK|U.K.|Great Britain|Britain|England|Scotland|Wales|Northern Ireland|UK & NI|Großbritannien|England & Wales"
    "|Grande-Bretagne|Angleterre|Gran Bretaña|Inglaterra|Gran Bretagna|Inghilterra|Grã-Bretanha|Groot-Brittannië|Engeland"
    "|Великобритания|英國|イギリス",
    "NL": "Netherlands|Holland|The Netherlands|Nederland|Niederlande|Pays-Bas|Paises Bajos|Paesi Bassi",
    "DE": "Germany|Deutschland|BRD|Federal Republic of Germany|Duitsland|Niemcy|Германия|德國",
    "AT": "Österreich|Oesterreich|Autriche|Austria",
    "CH": "Schweiz|Suisse|Svizzera|Switzerland|Suiza|Zwitserland",
    "FR": "France|Frankreich|Francia|França|Frankrijk|Франция",
    "ES": "Spain|España|Espana|Spanien|Espagne|Spagna|Espanha|Spanje",
    "IT": "Italy|Italia|Italien|Italie|Italië",
    "PT": "Portugal|Portogallo",
    "BR": "Brazil|Brasil|Brésil|Brasile|Brasilien",
    "MX": "Mexico|México|Messico|Mexique|Mexiko",
    "BE": "Belgium|België|Belgique|Belgien|Bélgica|Belgio",
    "DK": "Denmark|Danmark|Dänemark|Danemark",
    "SE": "Sweden|Sverige|Schweden|Suède",
    "NO": "Norway|Norge|Norwegen|Norvège",
    "FI": "Finland|Suomi|Finnland|Finlande",
    "PL": "Poland|Polska|Polen|Pologne",
    "CZ": "Czechia|Czech Republic|Česko|Česká republika|Tschechien",
    "HU": "Magyarország|Ungarn",
    "GR": "EL|Hellas|Ελλάδα|Griechenland|Grèce",
    "TR": "Türkiye|Turkey|Türkei|Turquie",
    "RU": "Russia|Russian Federation|Россия|Российская Федерация|Russland|Russie",
    "UA": "Україна|Украина",
    "KR": "South Korea|Republic of Korea|Korea, Republic of|Korea (South)|대한민국|한국|韓国|韩国",
    "JP": "日本|Nippon|Japon|Giappone|Japón|Japan",
    "CN": "中国|中國|PRC|P.R. China|People's Republic of China|China",
    "TW": "台灣|台湾|Taiwan, Province of China",
    "HK": "香港|Hong Kong SAR|Hongkong",
    "IN": "India|भारत|Bharat|Inde|Indien",
    "VN": "Viet Nam|Việt Nam",
    "AE": "UAE|U.A.E.|Emirates|الإمارات|الامارات",
    "SA": "KSA|Kingdom of Saudi Arabia|السعودية|المملكة العربية السعودية",
    "EG": "مصر",
    "CI": "Ivory Coast|Côte d'Ivoire",
    "CD": "DRC|Democratic Republic of the Congo",
    "MK": "Macedonia|North Macedonia",
    "SZ": "Swaziland|Eswatini",
    "MM": "Burma|Myanmar",
    "IE": "Ireland|Republic of Ireland|Éire|Eire|Irland|Irlande",
    "NZ": "New Zealand|Aotearoa",
    "AU": "Australia|Australien|Australie",
    "CA": "Canada|Kanada|Canadá",
    "MD": "Moldova, Republic of|Republic of Moldova",
    "BO": "Bolivia, Plurinational State of",
    "VE": "Venezuela, Bolivarian Republic of",
    "IR": "Iran, Islamic Republic of",
    "TZ": "Tanzania, United Republic of",
    "SY": "Syrian Arab Republic",
    "LA": "Lao People's Democratic Republic",
    "BN": "Brunei Darussalam",
    "CV": "Cabo Verde",
}

STATES = frozenset(
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI "
    "SC SD TN TX UT VT VA WA WV WI WY DC AB BC MB NB NL NS NT NU ON PE QC SK YT".split()
)
"""States of the US and provinces of Canada; many of their codes are also country codes."""
