"""What a lender sells: a product definition, read from YAML, with ranges, and overrides by place and segment.

A definition never holds an offer; `terms_for` makes the terms of one loan and refuses what lies outside it.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StrictStr
from pydantic_core import PydanticCustomError

from puhui.kernel.calendar import Roll
from puhui.kernel.daycount import DayCountName, Unit
from puhui.kernel.inputs import Record
from puhui.kernel.rates import PPM
from puhui.kernel.rounding import Rounding
from puhui.products.kinds import KINDS
from puhui.products.terms import Amount, Count, Fee, Grace, RatePpm, Subsidy
from puhui.products.words import DATA, DATA_PURPOSES, LINES, PAYEES, PURPOSES, SEGMENTS
from puhui.rulebook.metrics import metrics
from puhui.rulebook.rule import Words
from puhui.rulebook.vocabulary import LENDERS, PRODUCTS
