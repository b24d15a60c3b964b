"""lime's own error."""


class LimeError(Exception):
    """Raised for an explanation of an unknown mode."""
