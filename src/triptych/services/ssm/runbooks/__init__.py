"""Runbooks that AWS documents, with bodies of our own: the first YAML document of a file is what is served and
run, the second (after ``---``) its cases, which tests run."""
