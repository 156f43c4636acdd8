"""The simulated county (模拟县): people, farms, shops, suppliers and dealers with a known truth. No one in it is real.

What is assumed, and the formula of the true PD: docs/county.md.
"""

from puhui.credit.county.make import County, fingerprint, make_county, write_county, write_large_county
from puhui.credit.county.paying import Paid, behaviour, behaviours
from puhui.credit.county.personal import impossible_id_number, personal_of
from puhui.credit.county.setting import CountySetting

__all__ = [
    "County",
    "CountySetting",
    "Paid",
    "behaviour",
    "behaviours",
    "fingerprint",
    "impossible_id_number",
    "make_county",
    "personal_of",
    "write_county",
    "write_large_county",
]
