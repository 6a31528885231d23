"""What can be wrong with motion data: one file here a check.

A file's docstring says what is looked for (its first line stands in the summary), ``HIDES`` names
the checks whose findings would only repeat this one, and the check itself is one of

``look(case) -> Iterator[Fault]``
    what is wrong with one clip,
``compare(cards) -> Iterator[tuple[str, Fault]]``
    what is wrong between the clips of a set, with the id of the clip to blame.

Both are pure: they read no file and change nothing. Thresholds are constants with their unit and
the reason for them.
"""
