"""How a Motion looks: drawn by cameras onto pixels."""
