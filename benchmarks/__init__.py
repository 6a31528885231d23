"""Speed as ratios against a named plain version, measured in the same run."""
