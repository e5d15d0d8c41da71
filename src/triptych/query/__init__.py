"""Languages of queries and rules as pure functions: text in, values or trees out; no IO, nothing but ``kernel``.

``event_pattern``      which events a rule wants
``statistic``          names of statistics and their exact values
``resource_policy``    whether a policy lets a request in
``metric_math``        expressions over time series
``metrics_insights``   SELECT over metrics: aggregates of a metric name by its dimensions
``search_expression``  the pattern of SEARCH, and which metrics it finds
``config_sql``         advanced queries of Config, ``config_rows`` what they find
"""
