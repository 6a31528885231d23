"""Text towers: captions to raw vectors; one file a tower, each with a class ``Encoder``."""
