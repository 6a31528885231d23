"""Does a text tower stand up to other words less, or better, the more motion it is tuned on?

The design stands in docs/robustness.md: nested subsets of the training motions, arms that treat the
text tower differently, two budgets, attacks and changes of meaning of several strengths, seeds.
"""
