"""Loan terms, repayment plans, their true annual cost, and the products made of them."""
