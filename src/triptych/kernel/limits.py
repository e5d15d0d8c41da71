"""Every bound in one place, each with the AWS quota it mirrors or the reason it has."""

CAUSE_DEPTH = 20
"""Hand-overs in one chain of causes before the loop is cut (ours: a repair that undoes itself must end)."""

BUFFERED_BODY_BYTES = 2 * 1024 * 1024
"""A request body up to this size is read whole; larger ones to the estate are streamed."""

OWN_BODY_BYTES = 16 * 1024 * 1024
"""The largest body our own services accept (ours; AWS's largest control-plane payload is 6 MiB, Lambda)."""

AUDIT_VALUE_BYTES = 100 * 1024
"""requestParameters and responseElements each, larger ones are omitted (CloudTrail record contents)."""

CLOCK_SKEW_SECONDS = 15 * 60
"""AWS refuses a signature this far from its clock."""

PRESIGNED_SECONDS = 7 * 24 * 3600
"""The longest X-Amz-Expires (SigV4 query authentication)."""

COMMIT_QUEUE = 10_000
"""Units of work that may wait for the control store's writer; more wait at the door."""

LAKE_QUEUE_ROWS = 500_000
"""Rows that may wait for the lake's writer; more wait at the door."""

FACT_BATCH = 500
"""Facts handed to a reaction at once."""

CONFLICT_RETRIES = 8
"""How often an operation runs again when another writer was quicker, before the caller is asked to retry."""

ESTATE_BODY_BYTES = 64 * 1024 * 1024
"""The largest body of an estate call that is not streamed (Lambda's zip upload is 50 MB direct)."""

AUDITED_REPLY_BYTES = 8 * 1024 * 1024
"""An estate reply up to this size is read whole and decoded for the record; larger ones pass undecoded."""

LAKE_FLUSH_ROWS = 50_000
"""Rows of one shared insert; a batch this large does not wait for its turn (ours: about 50 ms of Arrow)."""

LAKE_INSERT_ATTEMPTS = 4
"""Tries of one insert whose failure is passing (too many parts, no memory, server away)."""

LAKE_REPLAY_INSERTS = 10_000
"""Inserts a lake table remembers by token; a repeat that comes later than this many is not recognised."""

LAKE_SELECT_SECONDS = 60
"""Longest lake query (CloudWatch Logs Insights allows 60 minutes, in the background; ours answer a request)."""

LAKE_SELECT_BYTES = 2 * 1024**3
"""Memory of one lake query (ours: several must fit a small machine)."""

LAKE_SELECT_ROWS = 200_000
"""Rows of one lake answer (ours: they become Python values; AWS's largest page of anything is 100,800 points)."""

LAKE_FIXED_QUERIES = 1_000
"""Printed texts of queries that are asked again and again (ours: some kilobytes each)."""

LAKE_READERS = 5
"""Lake queries that run at once; more wait."""

LAKE_WRITERS = 2
"""Lake inserts that run at once; more wait."""

QUERY_FIELDS = 100_000
"""Parameters in one Query request (ours; the largest real one, PutMetricData's 1,000 data, stays far below)."""

SIGNED_CHUNK_BYTES = 16 * 1024 * 1024
"""A signed aws-chunked chunk, which is held back until verified (ours; SDKs send 64 KiB to 1 MiB, AWS wants 8 KiB or more)."""

CHUNK_LINE_BYTES = 128
"""The size line of an aws-chunked chunk: 16 hex digits and a signature of 64 fit (ours)."""

CHUNK_TRAILER_BYTES = 8 * 1024
"""The trailing headers of an aws-chunked body, together (ours; S3 allows 8 KB of request headers)."""

ESTATE_CONNECTIONS = 512
"""Connections to upstreams at once; further calls wait for one within the upstream's timeout."""

ESTATE_CHUNK_BYTES = 64 * 1024
"""Unit in which estate bodies are read and written; a stream holds a few of these, never the whole."""

ESTATE_IDLE_SECONDS = 15.0
"""An unused connection to an upstream is closed after this (AWS's endpoints and MinIO keep theirs longer)."""

SANDBOX_START_SECONDS = 30.0
"""How long the sandbox may take to listen (about half a second on a quiet machine)."""

SANDBOX_LINE_BYTES = 256 * 1024
"""The longest line of the sandbox's output that reaches our log."""

CREDENTIALS_CACHE = 4096
"""Decrypted credentials kept in memory, the least recently used leave."""

CREDENTIALS_CACHE_SECONDS = 2.0
"""How long another process may still use a credential that this one revoked."""

VALIDATION_ERRORS = 100
"""Violations one answer lists (ours: AWS lists them all, but a hostile body may hold a million)."""

ECHOED_VALUE_CHARACTERS = 1024
"""Characters of an offending value an error message repeats (ours; messages end up in records and logs)."""

PATTERN_CHARACTERS = 16_384
"""Longest value matched against a model's pattern that could take quadratic time (ours)."""

SSM_DOCUMENT_BYTES = 64 * 1024
"""Content of one document (Systems Manager quota: 64 KB)."""

SSM_DOCUMENT_DEPTH = 64
"""Nesting of a document's lists and maps (ours: whoever walks it does so by recursion)."""

SSM_DOCUMENTS = 500
"""Documents of one account in one region (Systems Manager quota)."""

SSM_DOCUMENT_VERSIONS = 1000
"""Versions of one document (Systems Manager quota)."""

SSM_TAGS = 50
"""Tags of one resource (AWS quota)."""

SSM_SELECTOR_CHARACTERS = 1024
"""Longest JSONPath of a document (ours)."""

SSM_SELECTED_VALUES = 10_000
"""Values a JSONPath may select at once (ours: ``$..*..*`` grows without end)."""

AUTOMATION_ACTIVE = 1100
"""Automations of one account in one region that have not ended (quota: 100 run and 1,000 wait; ours share one bound)."""

AUTOMATION_CONCURRENT = 32
"""Automations one process advances at a time (AWS runs 100 for an account; waiting ones take no place here)."""

AUTOMATION_STEP_RUNS = 500
"""Steps one automation runs, repeats by branches included (ours: a loop of branches must end)."""

AUTOMATION_OUTPUT_BYTES = 100 * 1024
"""Outputs kept of one step (Automation's quota for aws:executeScript; ours for every action)."""

AUTOMATION_SLEEP_SECONDS = 604_799
"""The longest aws:sleep (Automation: 7 days)."""

AUTOMATION_CANCEL_SECONDS = 120
"""How long the steps behind onCancel may take (Automation: two minutes)."""

AUTOMATION_RETENTION_DAYS = 30
"""How long an ended automation can be read (Automation: 30 days)."""

CONTROL_BUSY_SECONDS = 10.0
"""How long a commit waits for another process's hold on the SQLite file (a backup, a shell) before it fails."""

CONTROL_READERS = 4
"""Control-store reads that run at once; more wait."""

COMMIT_GROUP = 256
"""Units that share one transaction; more would make the first wait long for the last."""

LEASE_SECONDS = 15.0
"""How long a lease or a claim outlives a holder nobody can ask; renewed three times as often."""

JOB_INTERRUPTIONS = 32
"""Deaths of the process while it ran a job, before the job is believed to be the reason and buried."""

JOB_CLAIM = 64
"""Due jobs looked at in one round of the worker."""

REACTION_ATTEMPTS = 8
"""How often a reaction is handed a batch that fails, before its facts are tried one by one."""

OUTBOX_KEEP = 100_000
"""Facts kept in the outbox after every reaction has passed them (ours: repeats of younger ids are recognised)."""

METRIC_OPERATIONS = 2_000
"""Operations with a time series of their own; later ones share ``other`` (AWS has some 18,000)."""

CONFIG_RULES = 1000
"""Config rules in one account and region (AWS Config: 1,000)."""

PRUNE_FACTS = 2_000
"""Facts deleted from the outbox in one transaction; commits wait meanwhile (ours: about 10 ms)."""

REACTION_BACKOFF_SECONDS = 5.0
"""The longest pause before a failing reaction is tried again."""

CURSOR_SKIP = 5_000
"""Facts of other kinds a reaction passes before it writes down that it has."""

CONFIG_SWEEP_CHECKS = 100
"""Known resources of one type that a sweep reads again when the listing does not tell whether they changed, in
turn (ours: a bucket costs 17 calls; more buckets than this are looked at less often, never missed)."""

METRIC_MATH_CHARACTERS = 2048
"""Longest metric math expression (CloudWatch's model: MetricExpression)."""

METRIC_MATH_DEPTH = 64
"""Nesting of a metric math or search expression (ours: whoever reads it does so by recursion)."""

METRIC_MATH_POINTS = 200_000
"""Points of a series that metric math makes out of nothing, FILL or TIME_SERIES (ours)."""

SEARCH_CHARACTERS = 1024
"""Longest pattern of a SEARCH (CloudWatch quota)."""

SEARCH_RESULTS = 100
"""Time series one SEARCH may find (CloudWatch quota)."""

METRICS_INSIGHTS_SERIES = 500
"""Time series one Metrics Insights query may return (CloudWatch quota)."""

METRICS_INSIGHTS_METRICS = 10_000
"""Metrics one Metrics Insights query looks at, the first it finds (CloudWatch quota)."""

METRICS_INSIGHTS_DAYS = 14
"""How far back a Metrics Insights query sees (CloudWatch: two weeks)."""

METRICS_INSIGHTS_ALARM_SECONDS = 3 * 3600
"""How far back a Metrics Insights query of an alarm sees (CloudWatch: three hours)."""

METRICS_INSIGHTS_ALARMS = 200
"""Alarms on Metrics Insights queries of one account in one region (CloudWatch quota)."""

ANOMALY_HISTORY_SECONDS = 14 * 86_400
"""How far back an anomaly detection model sees (CloudWatch: two weeks)."""

ANOMALY_TRAINING_POINTS = 4_032
"""Points an anomaly detection model is trained on at most (ours: two weeks of five minutes)."""

ANOMALY_MODELS = 8
"""Times a metric's model is trained for one request at most, give or take one (ours)."""

ANOMALY_DETECTORS = 500
"""Anomaly detectors of one account in one region (ours; each is a row, models are told when they are asked for)."""

ANOMALY_DETECTOR_PAGE = 100
"""Anomaly detectors on one page (CloudWatch: 100)."""

ANOMALY_EXCLUDED_RANGES = 10
"""Times one anomaly detector leaves out (CloudWatch: 10)."""

ANOMALY_BANDS = 1_000
"""Alarms whose anomaly detection models are remembered, those trained last (ours: up to 50 kB each)."""

METRIC_DATA = 1_000
"""Data of one PutMetricData (CloudWatch: 1,000)."""

METRIC_DATUM_VALUES = 150
"""Values of one datum (CloudWatch: 150)."""

METRIC_DATA_QUERIES = 500
"""Queries of one GetMetricData (CloudWatch: 500)."""

METRIC_DATA_POINTS = 100_800
"""Data points on one page of GetMetricData (CloudWatch: 100,800)."""

METRIC_STATISTICS_POINTS = 1_440
"""Data points of one GetMetricStatistics (CloudWatch: 1,440)."""

METRIC_LIST_PAGE = 500
"""Metrics on one page of ListMetrics (CloudWatch: 500)."""

METRIC_DATA_ASKED = 1_000_000
"""Data points the metrics of one GetMetricData may span, returned or not (ours: they become Python values)."""

METRIC_SERIES_NUMBERS = 50_000
"""Series whose number is remembered; others are hashed again, some microseconds each (ours)."""

METRIC_SERIES_SEEN = 500_000
"""Series of an account and region known to be listed today; beyond, they are listed again (ours: 50 MB)."""

DASHBOARD_BODY_BYTES = 1024 * 1024
"""Body of one dashboard (ours: 500 widgets, CloudWatch's quota, stay below)."""

DASHBOARD_WIDGETS = 500
"""Widgets of one dashboard (CloudWatch: 500)."""

DASHBOARD_WIDGET_METRICS = 500
"""Metrics in one widget (CloudWatch: 500)."""

DASHBOARD_METRICS = 2_500
"""Metrics in one dashboard (CloudWatch: 2,500)."""

CLOUDWATCH_TAGS = 50
"""Tags of one alarm or dashboard (AWS quota)."""

ALARMS = 5_000
"""Alarms of one account in one region (CloudWatch quota)."""

ALARM_QUERIES = 10
"""Metrics of one alarm, and as many expressions (CloudWatch: 10 each)."""

ALARM_PAGE = 100
"""Alarms, or items of their history, on one page (CloudWatch: 100)."""

ALARM_HISTORY_DAYS = 30
"""How long an alarm's history can be read (CloudWatch: 30 days)."""

ALARM_CATCH_UP_SECONDS = 3600
"""How far back evaluations missed while nothing ran are made up for; older ones are left out (ours: seconds of
work for 1,000 alarms; CloudWatch is never down)."""

REHEARSAL_DAYS = 14
"""How far back an alarm's rehearsal goes (ours: 15 days are there in minutes)."""

REHEARSAL_DATAPOINTS = 2_000_000
"""Datapoints one rehearsal looks at, counted for each evaluation anew (ours: about a second of work)."""

EVENT_RANGE_DAYS = 366
"""The longest range of one search of the audit trail (ours)."""

EVENT_PAGE = 200
"""Events on one page of a search of the audit trail (ours: LookupEvents has 50)."""

EVENT_FILTERS = 50
"""Filters of one search (ours)."""

EVENT_WORDS = 10
"""Words of one full-text search (ours: each is looked for in the whole record)."""

EVENT_FACETS = 10
"""Facets of one search (ours: each is a query)."""

EVENT_FACET_VALUES = 50
"""Values counted in one facet, the most frequent (ours)."""

EVENT_BUCKETS = 2_000
"""Bars of one histogram (ours)."""

EVENT_PATH_PARTS = 8
"""Levels of a field in a record (ours)."""

TIMELINE_ITEMS = 2_000
"""Items of one incident timeline, all its lanes together; above it lanes are counted in buckets (ours: what a page
draws in a second)."""

TIMELINE_ITEMS_MOST = 10_000
"""The most that can be asked for (ours)."""

TIMELINE_RANGE_DAYS = 31
"""The longest axis of one incident timeline (ours)."""

TIMELINE_BUCKETS = 120
"""Buckets of one lane (ours: about one for every ten pixels)."""

TIMELINE_CANDIDATES = 5_000
"""Calls weighed as the cause of one incident: related ones before others, later ones before earlier (ours)."""

TIMELINE_SUSPECTS = 10
"""Suspects shown (ours: nobody reads an eleventh)."""

TIMELINE_RELATED = 100
"""Resources looked at around an incident (Config: 100 keys in one BatchGetResourceConfig)."""

TIMELINE_METRICS = 8
"""Metrics of one timeline (ours: more lines say less)."""

INCIDENTS_PAGE = 50
"""Episodes on one page of incidents (ours: the causes of each are looked for)."""

COMPOSITE_CHILDREN = 100
"""Alarms in one composite alarm's rule (CloudWatch quota)."""

COMPOSITE_PARENTS = 150
"""Composite alarms whose rules name one alarm (CloudWatch quota)."""

LOG_BATCH_BYTES = 1_048_576
"""One PutLogEvents, its messages and 26 bytes for each (CloudWatch Logs)."""

LOG_EVENT_OVERHEAD_BYTES = 26
"""What an event counts beyond its text (CloudWatch Logs)."""

LOG_EVENTS_PAGE = 10_000
"""Events on one page of GetLogEvents and FilterLogEvents (CloudWatch Logs)."""

LOG_PAGE_BYTES = 1_048_576
"""Events on one page of GetLogEvents and FilterLogEvents, as they count when they are put (CloudWatch Logs: 1 MB)."""

LOG_CHUNK_BYTES = 4 * 1024 * 1024
"""Events read from the lake at once when a pattern is decided here and not in the lake (ours)."""

LOG_SCAN_ROWS = 10_000
"""The same in rows (ours)."""

LOG_SCAN_BYTES = 64 * 1024 * 1024
"""Events one FilterLogEvents decides here before it answers what it found and a token to go on (ours)."""

LOG_METRIC_FILTERS = 100
"""Metric filters of one log group (CloudWatch Logs)."""

LOG_SUBSCRIPTION_FILTERS = 2
"""Subscription filters of one log group (CloudWatch Logs)."""

LOG_REGEX_FILTERS = 5
"""Filters of one log group whose patterns contain a regular expression (CloudWatch Logs)."""

LOG_BACKLOG_EVENTS = 20_000
"""Events one run of a metrics or delivery job takes on (ours)."""

LOG_DELIVERY_SECONDS = 24 * 3600
"""How long the delivery of events to a subscription is tried (CloudWatch Logs: 24 hours)."""

LIVE_TAIL_EVENTS = 500
"""Events in one update of a live tail; of more a sample is sent (CloudWatch Logs)."""

LIVE_TAIL_SECONDS = 3 * 3600
"""How long a live tail stays open (CloudWatch Logs: three hours)."""

INSIGHTS_GROUPS = 50
"""Log groups one Insights query reads (CloudWatch Logs: 50)."""

INSIGHTS_RESULTS = 10_000
"""Results of an Insights query that does not say how many, and results on one page (CloudWatch Logs: 10,000)."""

INSIGHTS_RESULTS_AT_MOST = 100_000
"""Results an Insights query may ask for (CloudWatch Logs: 100,000)."""

INSIGHTS_CONCURRENT = 100
"""Insights queries of one account in one region that have not ended (CloudWatch Logs: 100)."""

INSIGHTS_RUNNING = 2
"""Insights queries one process runs at a time (ours: each takes two readers of the lake, one is left to everybody else)."""

INSIGHTS_KEPT_CHARACTERS = 4_096
"""Characters of an Insights answer that is kept with its query instead of in the lake (ours)."""

INSIGHTS_DAYS = 7
"""How long an Insights query and its results can be read (CloudWatch Logs: 7 days)."""

INSIGHTS_COMMANDS = 25
"""Commands of one Insights query (ours: each is a level of a subquery)."""

INSIGHTS_DEPTH = 24
"""Nesting of an Insights expression (ours: whoever reads it does so by recursion)."""

INSIGHTS_TERMS = 500
"""Conditions joined by one chain of ``and`` or ``or`` (ours)."""

INSIGHTS_RECORD_FIELDS = 200
"""Fields discovered in the JSON of one log event (CloudWatch Logs: 200)."""

INSIGHTS_DEFINITIONS = 1_000
"""Saved Insights queries of one account in one region (CloudWatch Logs: 1,000)."""

CONSOLE_SESSION_SECONDS = 12 * 3600
"""How long somebody stays signed in to the console (AWS's console: 12 hours)."""

CONSOLE_SESSIONS_OF_KEY = 50
"""Console sessions of one access key; the oldest gives way to the next (ours)."""

CONSOLE_BODY_BYTES = 1024 * 1024
"""Body of one call to the console's own endpoints (ours)."""

CONSOLE_SEARCH_RESULTS = 50
"""Hits of one search across everything (ours)."""

CONSOLE_STREAMS = 200
"""Streams of facts open at once, over all sessions (ours: each reads the outbox for itself)."""

CONSOLE_STREAM_BEHIND = 5_000
"""Facts a listener may be behind before it is told of a gap and goes on with the newest (ours)."""

SIGN_IN_WINDOW_SECONDS = 300
"""For how long a failed sign-in to the console counts (ours)."""

SIGN_IN_FAILURES_OF_ADDRESS = 10
"""Failed sign-ins from one address (of IPv6: one /64) within the window, before the next is refused unheard (ours)."""

SIGN_IN_FAILURES_OF_KEY = 30
"""Failed sign-ins with one access key, from wherever, within the window (ours)."""

SIGN_IN_REMEMBERED = 10_000
"""Addresses and keys whose failed sign-ins are counted (ours)."""
