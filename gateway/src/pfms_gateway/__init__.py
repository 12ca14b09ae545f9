"""One front door: routing, tokens, limits, protection."""
