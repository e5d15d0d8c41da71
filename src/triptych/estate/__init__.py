"""The estate: the services that are not ours, reached over HTTP.

Here: ``upstreams`` (which service goes where), ``forward`` (streaming HTTP, re-signing), ``sandbox`` (the
embedded moto server, a supervised child process), ``identities`` (the credentials the estate issues).
"""
