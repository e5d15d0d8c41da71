"""AWS's protocols from botocore's service models: bytes <-> parameters, sans-IO, knowing no service.

Here: ``message`` (HTTP as values), ``model`` (the models), ``route`` (request -> service, protocol, operation),
``sigv4`` (verify, sign, aws-chunked), ``validate`` (parameters against the model), ``one_pass`` (reading and
validating at once, for requests in volume), one module per protocol (``aws_json``, ``aws_query``, ``ec2_query``,
``rest_json``, ``rest_xml``, ``rpc_v2_cbor``), ``eventstream``, ``codec`` (the face of the protocols), ``encodings``
(gzip). Under them: ``shapes`` (JSON and CBOR by shape),
``xml_shapes``, ``rest_bindings``, ``scalars``, ``faults`` (errors matched with the model), ``patterns`` (Java's
regexes). Not here: sockets, credentials, anything one service means.
"""
