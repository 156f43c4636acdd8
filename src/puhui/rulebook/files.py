"""Reading the rulebook's YAML files: only maps, lists, texts, whole numbers, true, false and null.

Everything else stays text, so that nothing is converted behind the reader's back: a date is its ISO text, `on` is
a word, a decimal is not a number. A key written twice is refused instead of the last one winning. Anchors and
tags are refused.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from puhui.kernel.language import Text
from puhui.kernel.refusals import INPUT_UNREADABLE

# The C reader is ten times faster. Events are read, not objects: no file can make one.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WHOLE = re.compile(r"-?(0|[1-9]\d*)")
_EMPTY = Text("文件是空的", "the file is empty")
_WORDS = {"true": True, "false": False, "null": None, "": None, "~": None}


def read_yaml(path: Path) -> Any:
    """Return the parsed YAML file; refuse INPUT_UNREADABLE."""
    try:
        events = yaml.parse(path.read_text(encoding="utf-8"), _Loader)
        next(events), next(events)  # the stream and the document begin
        value = _value(next(events), events)
        next(events)  # the document ends
        if not isinstance(next(events), yaml.StreamEndEvent):
            raise ValueError("more than one document")
        return value
    except OSError as error:
        raise INPUT_UNREADABLE.refuse(name=path.name, problem=error.strerror) from None
    except StopIteration:
        raise INPUT_UNREADABLE.refuse(name=path.name, problem=_EMPTY) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise INPUT_UNREADABLE.refuse(name=path.name, problem=f"YAML: {' '.join(str(error).split())}") from None


def _value(event: Any, events: Iterator[Any]) -> Any:
    if getattr(event, "tag", None) is not None or getattr(event, "anchor", None) is not None:
        raise ValueError(f"line {event.start_mark.line + 1}: tags, anchors and aliases are not read")
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event)
    if isinstance(event, yaml.SequenceStartEvent):
        items = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(_value(event, events))
        return items
    if isinstance(event, yaml.MappingStartEvent):
        found: dict[Any, Any] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = _value(event, events)
            if type(key) is not str or key in found:
                raise ValueError(f"line {event.start_mark.line + 1}: the key {key!r} is not text or written twice")
            found[key] = _value(next(events), events)
        return found
    return None  # an empty file


def _scalar(event: Any) -> Any:
    text = event.value
    if event.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _WHOLE.fullmatch(text) else text
