"""Data in: a mapping says what the columns of a file mean; rows become typed, or are set aside with a reason."""
