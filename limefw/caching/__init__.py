"""Predictions kept between runs: by which key, where, and what `cache=` means."""
