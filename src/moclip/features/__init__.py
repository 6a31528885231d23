"""Motion to tensor and back: one file a feature set."""
