"""AWS managed rules that are built: one file, one rule; the folder is the list."""
