"""Who holds a lease or a claim, and whether that process is certainly gone.

A holder's name says machine, process and when the process started, so that another process on the same machine
can tell a dead holder from a living one without waiting for the lease to run out, and is not fooled by a
process number that was used again.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path


def own_name(nonce: str) -> str:
    """This process's name as a holder; ``nonce`` tells several stores in it apart."""
    pid = os.getpid()
    return f"{_place()}/{pid}/{_started(pid) or '-'}/{nonce}"


def is_gone(holder: str) -> bool:
    """True only when the holder's process certainly does not run any more."""
    place, _, process = holder.rpartition("/")[0].partition("/")
    pid, _, started = process.partition("/")
    if place != _place() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    running_since = _started(int(pid))
    return running_since is not None and started not in ("-", running_since)


def _place() -> str:
    """Where process numbers mean the same: one boot of one machine, one process namespace (container)."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}+{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname().replace("/", "_")


def _started(pid: int) -> str | None:
    """Clock ticks from boot to the process's start (proc(5), field 22 of stat); None where there is no /proc."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()[19]
