"""Room: how large cells are, what shape they have, what they touch and what is in them."""
