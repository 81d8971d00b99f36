"""People and streets that never existed: every box and every identity in them is known exactly."""
