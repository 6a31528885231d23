"""Read, check, prepare and convert motion data; nothing here needs a model."""
