"""What Grafana's MQTT data source asks of the payloads it is to draw (contracts 5). The plugin makes a field of each key of
the first message and keeps its type; what changes type, order or shape later breaks the panel."""
import json
import math

CLASSES = ("aggregates", "rollup", "alerts", "alert-state", "presence", "errors", "control-reply", "service", "live")
LEVELS = {"aggregates": ("window", "site", "device", "metric"), "rollup": ("window", "site", "device"),
          "alerts": ("severity", "site", "device", "rule", "metric"), "alert-state": ("site", "device", "rule", "metric"),
          "presence": ("site", "device")}


class Broken(AssertionError):
    pass


def kind(value):
    return "boolean" if isinstance(value, bool) else "number" if isinstance(value, (int, float)) else "string"


def decode(payload):
    """The members of a flat object, in order."""
    if not payload:
        raise Broken("an empty publish")

    def members(pairs):
        keys = [key for key, _ in pairs]
        for key in keys:
            if keys.count(key) > 1:
                raise Broken(f"the key {key!r} is there twice")
        return dict(pairs)

    def constant(name):
        raise Broken(f"{name} is no number of JSON")
    try:
        value = json.loads(payload, object_pairs_hook=members, parse_constant=constant)
    except ValueError as error:
        raise Broken(f"no JSON: {error}") from error
    if not isinstance(value, dict):
        raise Broken("no object")
    for key, member in value.items():
        if key in ("", "Time", "Value"):
            raise Broken(f"the key {key!r} is the data source's own")
        if member is None or isinstance(member, (dict, list)):
            raise Broken(f"{key}: {json.dumps(member)} is neither number, text nor boolean")
        if isinstance(member, float) and not math.isfinite(member):
            raise Broken(f"{key}: not finite")
    return value


class Panel:
    """Takes messages as a panel does that watches everything; each class of topics is a frame of its own."""

    def __init__(self):
        self.types = {}   # (class, key) -> type
        self.orders = {}  # class -> pairs of keys, the one before the other
        self.count = {}   # class -> messages

    def take(self, topic, payload):
        what, *levels = topic.split("/")
        if what not in CLASSES:
            raise Broken(f"{topic}: not a class that is written for panels")
        try:
            self._take(what, levels, decode(payload))
        except Broken as broken:
            raise Broken(f"{topic}: {broken}: {payload!r}") from None
        self.count[what] = self.count.get(what, 0) + 1

    def _take(self, what, levels, members):
        order = self.orders.setdefault(what, set())
        keys = list(members)
        for i, key in enumerate(keys):
            known = self.types.setdefault((what, key), kind(members[key]))
            if known != kind(members[key]):
                raise Broken(f"{key} was a {known} and is a {kind(members[key])}")
            for later in keys[i + 1:]:
                if (later, key) in order:
                    raise Broken(f"{key} now comes before {later}")
                order.add((key, later))
        # A wildcard subscription loses the topic.
        for name, level in zip(LEVELS.get(what, ()), levels):
            if name == "metric" and level == "_":
                continue
            if members.get(name) != level:
                raise Broken(f"{name} of the topic is not in the payload")
