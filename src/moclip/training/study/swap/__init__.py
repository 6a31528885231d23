"""Does another text tower help a generator, or is it the extra training?

A MoCLIP's text tower takes the place of the plain one that a generator was trained with, with and
without fine-tuning of the generator, beside the plain tower with the very same fine-tuning: the row
that the paper does not have (arXiv 2505.10810, section 4).
"""
