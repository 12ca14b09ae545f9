"""Budget months: allocations, rollover, to-be-budgeted."""
