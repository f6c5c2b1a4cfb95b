"""Columns that control a call in other products, but not in xuna: language, voice, prompt, agent, time.

The names come from the batch templates of ElevenLabs, Retell, Vapi, Bland, Synthflow, Bolna and Twilio, and include
the plain words for these things.
"""

from functools import lru_cache

from xuna_cli.folding import fold

_NAMES = {
    "agent.language": "language|lang|language code|locale|preferred language|call language|agent language|language preference"
    "|spoken language|sprache|langue|idioma|lingua|taal|språk|sprog|kieli|język|jazyk|nyelv|limba|язык|мова|γλώσσα|语言|語言|言語"
    "|언어|لغة|اللغة|भाषा|bahasa|ngôn ngữ|ภาษา|dil",
    "tts.voice_id": "voice|voice id|voice name|voice model|agent voice|tts voice|tts voice id|stimme|voz|voix|voce|голос|声音|音声"
    "|음성",
    "agent.prompt.prompt": "prompt|system prompt|agent prompt|prompt override|general prompt|task|instructions|instruction"
    "|system message|call script|pathway|pathway id|begin prompt",
    "agent.first_message": "first sentence|begin message|begin sentence|welcome message|greeting|greeting message|opening line"
    "|opening message|intro message|initial message|first utterance|welcome greeting|agent welcome message",
    "": "dynamic variables|retell llm dynamic variables|variable values|request data|assistant overrides|assistant id|squad id"
    "|override agent id|override agent version|agent id|agent version|model id|from number|from phone number"
    "|from phone number id|phone number id|agent phone number id|caller id|caller id number|outbound number"
    "|twilio phone number|transfer phone number|transfer number|transfer to|scheduled time unix|best time to call"
    "|time to call|call window|max duration|max call duration|voicemail message|ignore e164 validation"
    "|conversation config|machine detection",
}
_BY_NAME = {fold(name): path for path, names in _NAMES.items() for name in names.split("|")} | {
    # The path of an override without `override.` before it.
    fold(f"{above}{path}"): path
    for path in _NAMES
    if path
    for above in ("", "conversation_config_override.", "overrides.", "config.")
}

_TIMES = {
    "--call-after-column": "scheduled time|scheduled at|schedule time|scheduled for|call time|call at|call after"
    "|earliest at|callback time|callback at|preferred call time|preferred time|not before|available from|available after"
    "|next call|next call at|next call date|call date|call on|call from|callback|callback date|call back|call back date"
    "|follow up date|follow up at|snooze until|snoozed until|nicht vor|anruf nach|anruf ab|anrufen ab|anrufen nach"
    "|wiedervorlage|rückruf|rückruf am|rückruf ab|pas avant|rappel|rappel le|rappeler le|rappeler après|no antes de"
    "|llamar después de|llamar a partir de|não antes de|ligar depois de|retornar em|non prima di|chiamare dopo|richiamo"
    "|niet voor|bellen na|terugbellen op|zadzwonić po|ring efter|перезвонить|звонить после|次回架電|次回架電日",
    "--call-before-column": "call before|latest at|not after|call until|available until|nicht nach|anrufen bis|pas après"
    "|appeler avant|no después de|llamar antes de|não depois de|ligar antes de|non dopo|chiamare prima di|niet na"
    "|bellen voor|звонить до",
}
_TIMES_BY_NAME = {fold(name): option for option, names in _TIMES.items() for name in names.split("|")}


@lru_cache(maxsize=4096)
def override_of(column: str) -> str | None:
    """Return the path of the override that a column of this name would set.

    Returns:
        None: the name has no known meaning. Empty: it has a meaning in other products, but no path in xuna.
    """
    return _BY_NAME.get(fold(column))


def time_option_of(column: str) -> str | None:
    """Return the option that uses a column of this name as a limit of the call's time; None: no such name."""
    return _TIMES_BY_NAME.get(fold(column))
