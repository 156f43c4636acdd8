"""A day on columns is a day of the fold, for every loan, repayment method and event before it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from loan_lives import lives
from night_example import Shard


@settings(max_examples=25)
@given(st.lists(lives(most=6), min_size=1, max_size=5), st.integers(1, 70))
def test_columns_follow_the_fold(some, days):
    shard = Shard(some, max(life.position.as_of for life in some))
    for _ in range(days):
        shard.next_day()
    assert not shard.differences()
