"""What a user has at hand: something to explain, a model, the labels that are meant."""
