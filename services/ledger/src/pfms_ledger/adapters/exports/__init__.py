"""A book as other programs read it: entries in, text out, piece by piece."""
