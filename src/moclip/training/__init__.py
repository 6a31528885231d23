"""From a recipe to a model: batches, the loop, and a state that can be taken up again."""
