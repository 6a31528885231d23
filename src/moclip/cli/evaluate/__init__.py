"""Measure a model: retrieval, recognition, generated, rebuilt and edited motion."""
