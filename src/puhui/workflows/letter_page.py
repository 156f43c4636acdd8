"""The letter as text and as a page that prints on one sheet: all of it in Chinese, then all of it in English."""

from html import escape

from puhui.kernel.page import page
from puhui.workflows.letter import TITLE, Letter

LANGUAGES = ("zh", "en")
STYLE = """
main { max-width: 720px; background: #fff; }
article + article { margin-top: 28px; padding-top: 18px; border-top: 1px solid #c9ccc9; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; margin: 10px 0 16px; }
dt { color: #6b6f6c; }
dd { margin: 0; font-size: 13px; font-weight: normal; overflow-wrap: anywhere; }
.outcome { margin: 0 0 14px; font-size: 17px; font-weight: bold; }
section { padding: 0; background: none; }
ol { margin: 0; padding-left: 1.6em; }
li { margin: 3px 0; overflow-wrap: anywhere; }
@media print { main { padding: 0; max-width: none; } article + article { break-before: page; border: 0; } }
"""


def as_text(letter: Letter, language: str | None = None) -> str:
    """Return the letter as lines of text; both languages, Chinese first, unless one is named."""
    parts = [_text(letter, each) for each in (LANGUAGES if language is None else (language,))]
    return "\n\n\n".join(parts)


def as_html(letter: Letter) -> str:
    """Return the letter as a page of its own: no script, nothing fetched, every text escaped."""
    return page(TITLE, "".join(_article(letter, language) for language in LANGUAGES), style=STYLE)


def _text(letter: Letter, language: str) -> str:
    colon = "：" if language == "zh" else ": "
    lines = [TITLE.say(language), ""]
    lines += [f"{name.say(language)}{colon}{value.say(language)}" for name, value in letter.facts]
    lines += ["", letter.outcome.say(language)]
    for title, each, listed in letter.sections:
        marks = [f"{place}. " for place in range(1, len(each) + 1)] if listed else [""] * len(each)
        lines += ["", title.say(language), *(mark + line.say(language) for mark, line in zip(marks, each, strict=True))]
    return "\n".join(lines)


def _article(letter: Letter, language: str) -> str:
    facts = "".join(
        f"<dt>{escape(name.say(language))}</dt><dd>{escape(value.say(language))}</dd>" for name, value in letter.facts
    )
    sections = ""
    for title, lines, listed in letter.sections:
        said = [escape(line.say(language)) for line in lines]
        body = "".join(f"<li>{line}</li>" for line in said) if listed else "".join(f"<p>{line}</p>" for line in said)
        sections += f"<section><h2>{escape(title.say(language))}</h2>{f'<ol>{body}</ol>' if listed else body}</section>"
    code = "zh-CN" if language == "zh" else "en"
    return (
        f'<article lang="{code}"><dl>{facts}</dl><p class="outcome">{escape(letter.outcome.say(language))}</p>'
        f"{sections}</article>"
    )
