"""A library of motions on disk that answers searches: build it once, add to it, look after it."""
