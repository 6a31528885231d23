"""Training of a generator in three stages: quantiser, masked transformer, residual transformer."""
