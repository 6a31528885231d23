"""Studies: many cells of one question, each measured once and kept.

A study of any kind is built on two files here. :mod:`.engine` measures cells and keeps them::

    class Cell(engine.Cell):            # plain values that tell one cell from another
        arm: str
        seed: int

    def measure(cell: Cell, place: Path, *, recipe: Recipe) -> dict[str, Any]:
        ...                             # plain values; ``place`` is for what is too large for JSON

    study = engine.Study("swap", cells, partial(measure, recipe=recipe), about={...})
    found = engine.run(study, out, jobs=2)      # [{"arm": ..., "seed": ..., **result}, ...]

and :mod:`.reports` tells them, as JSON, CSV, Markdown and one page of HTML. What a cell gives must
follow from the cell and ``about`` alone: no times, no paths, no number of processes. Then the same
study gives the same bytes, also after it was stopped. A study whose cells read what other cells
left behind is two studies, run one after the other in one folder; :meth:`engine.Study.place` says
where a cell's files are.
"""
