"""What is done with motion data before any model sees it: prepare, check, count, split."""
