"""Credit: data in, features, models, policy, limit, price, decision record."""
