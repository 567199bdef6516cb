"""Pages of the staff door. A view parses, calls one selector or service, renders."""
