"""Run a study: many models, each trained and measured once, and one report."""
