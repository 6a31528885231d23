"""Motion towers: batches of motion to raw vectors; one file a tower, with ``Config`` and ``Encoder``."""
