"""Which faults a soak has, and when: a function of seed and length alone, so that a run can be repeated."""
import random
from typing import NamedTuple

# Faults that end the service's process. They have the first part of a run to themselves and the others the second part
# without them, so that what its one process has grown to can be compared with what it was after its warm-up.
ENDING = ["service-kill", "service-restart", "kill-on-full-disk", "broker-restart-without-service"]
OTHER = ["broker-restart", "broker-pause", "service-pause", "disk-full", "clock-step", "reload", "bad-reload",
         "slow-clients", "queries"]
PART_WITH_ENDS = 0.6
WARM_UP_S = 8     # before the first fault
QUIET_S = 5       # after the last one
PERIOD_S = 8      # a fault every so many seconds, or more often where a short run must have every kind
MOST_S = 5


class Fault(NamedTuple):
    at: float       # seconds from the start of the load
    kind: str
    seconds: float  # how long it lasts
    draw: float     # 0 to 1: for what the kind decides by itself

    def __str__(self):
        return f"{self.at:7.1f} s  {self.kind:<31}{self.seconds:4.1f} s"


def decks(rng, kinds, count):
    """So many kinds in random order, none of them again before all had their turn."""
    drawn = []
    while len(drawn) < count:
        drawn += rng.sample(kinds, len(kinds))
    return drawn[:count]


def plan(seed, seconds):
    rng = random.Random(seed)
    span = seconds - WARM_UP_S - QUIET_S
    count = max(round(len(ENDING + OTHER) / PART_WITH_ENDS), round(span / PERIOD_S))
    first = max(len(ENDING + OTHER), round(count * PART_WITH_ENDS))
    kinds = decks(rng, ENDING + OTHER, first) + decks(rng, OTHER, count - first)
    slot = span / count
    return [Fault(WARM_UP_S + (i + rng.uniform(0, 0.3)) * slot, kind, rng.uniform(0.3, min(MOST_S, slot * 0.7)), rng.random())
            for i, kind in enumerate(kinds)]
