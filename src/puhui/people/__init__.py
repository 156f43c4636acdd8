"""People: who may do what and where, how they prove who they are, and what keeps their personal data apart."""
