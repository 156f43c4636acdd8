"""What every other package stands on: money, rates, days, places, ids, the clock, refusals."""
