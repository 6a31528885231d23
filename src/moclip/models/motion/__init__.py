"""Motion towers: motion to raw vectors; one file a tower, with ``Config`` and ``Encoder``."""
