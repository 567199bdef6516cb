"""Pages of the other party, by subject."""
