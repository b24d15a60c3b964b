"""Variants of explanations side by side, at the cost of one: what they share is computed once."""
