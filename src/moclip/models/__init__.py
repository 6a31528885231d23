"""Towers, and what joins them; one file a tower."""
