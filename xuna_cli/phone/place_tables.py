"""Data that libphonenumber's table of prefixes and zones lacks: overlays, and zones that it doesn't name."""

OVERLAYS = (
    # Alabama to Kentucky
    ("317", "463"),
    ("812", "930"),
    ("270", "364"),
    # Florida
    ("305", "786", "645"),
    ("321", "407", "689"),
    ("561", "728"),
    ("813", "656"),
    ("850", "448"),
    ("904", "324"),
    ("954", "754"),
    # Idaho, Michigan, Nebraska, Nevada, Oregon
    ("208", "986"),
    ("248", "947"),
    ("402", "531"),
    ("702", "725"),
    ("503", "971"),
    ("541", "458"),
    # Tennessee
    ("615", "629"),
    # Texas
    ("210", "726"),
    ("214", "469", "972", "945"),
    ("512", "737"),
    ("713", "281", "832", "346", "621"),
    ("817", "682"),
    ("903", "430"),
    # Canada
    ("250", "778", "236", "672", "257"),
    ("604", "778", "236", "672", "257"),
    ("416", "647", "437", "942"),
    ("905", "289", "365", "742"),
    ("519", "226", "548", "382"),
    ("613", "343", "753"),
    ("705", "249", "683"),
    ("514", "438", "263"),
    ("450", "579", "354"),
    ("418", "581", "367", "273"),
    ("819", "873", "468"),
    ("709", "879"),
    ("306", "639", "474"),
)
"""Area codes of North America that cover the same places (overlays of NANPA and CNA).

Only those in states and provinces with several zones, where libphonenumber gives a new code one zone.
"""

PLACES = {
    # Canada
    "America/Atikokan": ("1807", "1867"),
    "America/Blanc-Sablon": ("1418", "1581", "1367"),
    "America/Cambridge_Bay": ("1867",),
    "America/Dawson": ("1867",),
    "America/Inuvik": ("1867",),
    "America/Iqaluit": ("1867",),
    "America/Rankin_Inlet": ("1867",),
    "America/Resolute": ("1867",),
    "America/Whitehorse": ("1867",),
    "America/Creston": ("1250",),
    # Australia: the Northern Territory shares its area code with South Australia; 07 belongs to Queensland.
    "Australia/Darwin": ("6187", "6188"),
    "Australia/Brisbane": ("617",),
    # Brazil: the west of Amazonas.
    "America/Eirunepe": ("5597",),
    # Chile: the area codes of Magallanes, Aysén and Valparaíso.
    "America/Punta_Arenas": ("5661",),
    "America/Coyhaique": ("5667",),
    "Pacific/Easter": ("5632",),
    # China: the area codes of Xinjiang.
    "Asia/Urumqi": ("8690", "8699"),
    # Mexico: Chihuahua, which changed its time in 2022, and towns on the border with the US.
    "America/Chihuahua": (
        *("52614", "52621", "52625", "52627", "52628", "52629", "52635", "52636", "52639", "52648", "52649"),
        *("52652", "52656", "52657", "52659"),
    ),
    "America/Matamoros": ("52868", "52891", "52894", "52897"),
    # Russia: Saratov, which changed its time in 2016, and the east of Yakutia.
    "Europe/Saratov": ("7845",),
    "Asia/Ust-Nera": ("7411",),
    "Asia/Srednekolymsk": ("7411",),
    # Ukraine: Crimea and Sevastopol.
    "Europe/Simferopol": ("38065", "38069"),
    # Papua New Guinea: Buka and Arawa.
    "Pacific/Bougainville": ("67597",),
}
"""Places of zones that libphonenumber's prefixes don't name there; they are possible in addition to the named ones.

Sources: the area codes of the zone's own town in libphonenumber's geocoding data, and the numbering plans of the
    countries. A zone that is neither here nor among the prefixes, and has its own clock time, is possible anywhere in
    its country.
"""
