"""Speed as ratios against a named plain version, measured in the same run: programs, not tests.

``python -m benchmarks`` measures; ``python -m benchmarks.same_epochs`` trains two sizes alike.
"""
