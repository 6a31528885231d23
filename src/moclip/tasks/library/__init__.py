"""A library of motions on disk: built once, added to, searched by words or motions.

:class:`moclip.tasks.library.store.Library` is the door; it needs the extra ``index`` (LanceDB).
"""
