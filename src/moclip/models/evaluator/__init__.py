"""What judges generated motion: vectors of motions and captions by a model trained on real ones."""
