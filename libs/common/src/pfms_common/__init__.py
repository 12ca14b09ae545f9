"""What every PFMS service shares: money, input, problems, principals, SQL."""
