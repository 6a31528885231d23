"""What one does with a model: search and recognise; one file a task."""
