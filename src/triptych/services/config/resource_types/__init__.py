"""Resource types the recorder knows: one file, one type; the folder is the list."""
