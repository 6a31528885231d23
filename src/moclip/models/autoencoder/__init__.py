"""MotionCLIP's auto-encoder: motions to unit vectors of CLIP's space and back."""
