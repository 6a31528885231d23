"""One file here a part of the API, with its ``ROUTER``: a route parses, calls and answers."""
