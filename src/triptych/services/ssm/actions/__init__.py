"""The actions steps can have, one file each, found by looking."""
