"""A process whose wall clock can be moved for real: libfaketime reads the offset from a file at every look at the clock.
Its monotonic clock runs on, as it does when NTP or an operator sets a host's clock."""
import glob

LIBRARY = (glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1") + [None])[0]


class SteppedClock:
    def __init__(self, file):
        assert LIBRARY is not None, "Debian's libfaketime is not installed"
        self.file = file
        self.environment = {"LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1",
                            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
        self.step_to(0)

    def step_to(self, seconds):
        """Ahead of the real time, or behind it when negative."""
        fresh = self.file.with_suffix(".new")  # renamed, so that it is never read half written
        fresh.write_text(f"{seconds:+d}\n")
        fresh.replace(self.file)
        self.offset = seconds
