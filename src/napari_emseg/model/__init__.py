"""Floor 3: the network, its training, its prediction and its saved form.

The only floor that imports keras.
"""
