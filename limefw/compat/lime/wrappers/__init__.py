"""Wrappers of other libraries."""
