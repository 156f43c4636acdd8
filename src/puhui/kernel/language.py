"""The two languages of every screen and message: Chinese first, English second."""

import os
from typing import NamedTuple


class Text(NamedTuple):
    """One sentence in both languages."""

    zh: str
    en: str

    def say(self, language: str | None = None) -> str:
        """Return the sentence in `language` ("zh" or "en"); without one, in the user's."""
        return self.en if (language or spoken()) == "en" else self.zh


def spoken() -> str:
    """Return "zh" or "en": PUHUI_LANG if set, else the locale; Chinese when neither says English."""
    for name in ("PUHUI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "").lower()
        if value.startswith("en"):
            return "en"
        if value.startswith("zh"):
            return "zh"
    return "zh"
