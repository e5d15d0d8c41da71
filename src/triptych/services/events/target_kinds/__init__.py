"""The kinds of targets, one file each, found by looking."""
