"""The commands of the query language: each file defines ``COMMAND`` with its cases."""
