"""How good a model is: protocols, intervals, and the page that shows a run."""
