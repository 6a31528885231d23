"""A library of motions as a service over HTTP, and a page that uses it; needs the extra ``web``."""
