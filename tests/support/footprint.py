"""What a running service takes up."""
import os
from typing import NamedTuple


class Footprint(NamedTuple):
    rss_kb: int
    files: int
    wal_bytes: int


def footprint(service):
    """OSError when the process has ended."""
    pid = service.process.pid
    with open(f"/proc/{pid}/status") as status:
        rss = next((int(line.split()[1]) for line in status if line.startswith("VmRSS")), None)
    if rss is None:
        raise ProcessLookupError(f"process {pid} has ended")
    return Footprint(rss, len(os.listdir(f"/proc/{pid}/fd")), sum(f.stat().st_size for f in service.data.glob("*.db-wal")))
