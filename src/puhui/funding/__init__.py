"""Funders: who lends for whom at what cost, which of them a plan goes to, and a day's applications shared out."""
