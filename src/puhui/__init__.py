"""Puhui 普惠: good credit, honestly priced. Exact loan mathematics, true annual cost, dated law."""

__version__ = "0.1.0"
