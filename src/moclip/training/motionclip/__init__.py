"""Training of MotionCLIP: an auto-encoder beside a frozen text tower (arXiv 2203.08063)."""
