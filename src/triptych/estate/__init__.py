"""The estate: the services that are not ours, reached over HTTP.

Here: ``upstreams`` (which service goes where), ``forward`` (streaming HTTP) with ``outgoing`` (heads, re-signing)
and ``moto_dialect`` (what the sandbox hears and says), ``sandbox`` (the embedded moto server, a supervised child
process) and ``sandbox_main`` (that process), ``identities`` (the credentials the estate issues) with ``lessons``
(what a reply teaches), ``credentials`` (how they are kept) and ``vault`` (how they are sealed).
"""
