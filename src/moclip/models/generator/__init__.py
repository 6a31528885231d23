"""Text to motion through tokens, of MoMask's family (arXiv 2312.00063)."""
