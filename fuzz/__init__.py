"""Readers of files, fed with anything: ``python -m fuzz``, or ``make fuzz``."""
