"""How good explanations are: metrics played on the games of explanations, and what they came to."""
