"""Domain events: envelope, contracts, outbox, relay, consumers, transports."""
