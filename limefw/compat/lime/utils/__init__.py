"""Helpers that lime's users import."""
