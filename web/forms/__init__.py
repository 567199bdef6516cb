"""Plain forms of the staff door: they parse and check single fields; services decide."""
