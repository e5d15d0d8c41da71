"""``triptych init``: a commented settings file with generated credentials."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.fernet import Fernet

from triptych.kernel.ids import UPPER_ALNUM, Ids

TEMPLATE = """\
# Triptych settings. Every value can also be given as TRIPTYCH_<NAME> in the environment
# (TRIPTYCH_ESTATE__DEFAULT for a table), and most as a flag of `triptych up`, which wins.

host = "127.0.0.1"            # an address beyond loopback needs a credential of your own, like the one below
port = 4566
data_dir = "triptych-data"    # control.db, lake/
region = "us-east-1"          # for requests that name none
account = "000000000000"      # the root credential's account

# The root credential of this server. Generated; keep this file private.
root_access_key_id = "{access_key_id}"
root_secret_access_key = "{secret}"

# Secrets at rest (credentials the estate issued) are encrypted with this key. Losing it means they must be
# issued again.
encryption_key = "{encryption_key}"

# Names this server answers to: <bucket>.s3.<hostname> addresses a bucket.
hostnames = ["localhost", "localhost.localdomain"]

# control_url = "postgresql+psycopg://user:password@host/triptych"   # instead of SQLite in data_dir
# lake_url = "https://user:password@host:8443/triptych"               # instead of the embedded engine in data_dir
lake_cache_bytes = 0          # how much of what was read the embedded engine keeps unpacked in memory

sync = "full"                 # SQLite: "full" survives power loss, "normal" survives the process only
log_index = false             # an index of log events' messages: rare words quickly, for twice the CPU of ingestion
log_json = false
log_level = "info"

[estate]
# Where services go that are not Triptych's own: "sandbox" (embedded, in memory), "aws", or a URL.
default = "sandbox"
timeout_seconds = 10.0
connect_timeout_seconds = 3.0
preload = ["s3", "iam", "sts", "ec2"] # what the sandbox loads as it starts; the rest when it is first called
# access_key_id = ""          # to sign calls to upstreams that verify them
# secret_access_key = ""

[estate.services]
# s3 = "http://minio.internal:9000"

[intervals]
config_sweep_seconds = 60.0    # finds changes made behind the gateway's back
trail_delivery_seconds = 300.0 # how often trails deliver log files
lake_flush_seconds = 0.05      # how long small writes wait for company
logs_removal_seconds = 60.0    # how soon what was deleted from log groups leaves the disk
logs_retention_seconds = 3600.0 # how often log events past their group's retention are removed
live_tail_seconds = 0.2        # how often a live tail looks for new events

[smtp]
# The mail server for SNS subscriptions of the protocols email and email-json; without a host they are refused.
host = ""
port = 587
security = "starttls"          # "tls" from the first byte (port 465), or "none"
username = ""                  # empty: the server asks for none
password = ""
from_address = ""              # who the mails are from: "triptych@example.org"
timeout_seconds = 30.0
"""


def write(path: Path, *, force: bool, ids: Ids | None = None) -> str:
    """Write the file with mode 0600 and return the access key id; raises FileExistsError."""
    ids = ids or Ids()
    access_key_id = "AKIA" + ids.text(16, UPPER_ALNUM)
    text = TEMPLATE.format(
        access_key_id=access_key_id, secret=ids.text(40), encryption_key=Fernet.generate_key().decode()
    )
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    descriptor = os.open(path, flags, 0o600)
    os.fchmod(descriptor, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    return access_key_id
