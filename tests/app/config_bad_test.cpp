#include <catch2/catch.hpp>

#include "app/config.hpp"

namespace telltale::app {
namespace {

std::vector<std::string> problems_of(std::string_view text) {
  try {
    (void)parse_config(text, "t.toml");
  } catch (const ConfigErrors& errors) {
    return errors.problems();
  }
  return {};
}

TEST_CASE("a mistake is an error with line, column and the key's name", "[app][lesson-30]") {
  auto [text, problem] = GENERATE(table<const char*, const char*>({
      {"[mqtt]\nurl = \"mqtt://a\"\nclient = \"x\"\n", "t.toml:3:1: mqtt.client: unknown key"},
      {"[mqtt]\nclient_di = \"x\"\n", "t.toml:2:1: mqtt.client_di: unknown key, did you mean 'client_id'?"},
      {"[mqqt]\n", "t.toml:1:2: mqqt: unknown section, did you mean 'mqtt'?"},
      {"url = \"mqtt://a\"\n", "t.toml:1:1: url: unknown key, did you mean 'url' in [mqtt]?"},
      {"[store]\nlisten = \"x\"\n", "t.toml:2:1: store.listen: unknown key, did you mean 'listen' in [http]?"},
      {"[rules]\nname = \"x\"\n", "t.toml:1:2: rules: unknown section, did you mean 'rule'?"},
      {"[rule]\nname = \"x\"\n", "t.toml:1:1: rule: is a list: write [[rule]]"},
      {"mqtt = 3\n", "t.toml:1:8: mqtt: is a section: write [mqtt]"},
      {"[mqtt\n", "t.toml:1:6: "},
      {"[mqtt]\nurl = \"a\"\nurl = \"b\"\n", "t.toml:3:"},
      // wrong type
      {"[mqtt]\nurl = 5\n", "t.toml:2:7: mqtt.url: expected text in quotes, found the integer 5"},
      {"[mqtt]\nfilters = \"telemetry/#\"\n",
       "t.toml:2:11: mqtt.filters: expected a list such as [\"a\", \"b\"], found the text \"telemetry/#\""},
      {"[mqtt]\nfilters = [\"a/#\", 5]\n", "t.toml:2:19: mqtt.filters: expected text in quotes, found the integer 5"},
      {"[tenants]\nenabled = \"yes\"\n",
       "t.toml:2:11: tenants.enabled: expected true or false, found the text \"yes\""},
      {"[ingest]\nbatch_readings = 1.5\n",
       "t.toml:2:18: ingest.batch_readings: expected a whole number, found a number with a fraction"},
      {"[ingest]\nbatch_delay = 20\n",
       "t.toml:2:15: ingest.batch_delay: expected a duration such as \"2s\", found the integer 20"},
      // wrong unit, out of range
      {"[ingest]\nbatch_delay = \"2x\"\n",
       "t.toml:2:15: ingest.batch_delay: unknown unit 'x' in \"2x\": use one of ms s m h d"},
      {"[ingest]\nbatch_delay = \"1m\"\n", "t.toml:2:15: ingest.batch_delay: must be from 1ms to 10s"},
      {"[ingest]\nmax_payload = \"64KB\"\n",
       "t.toml:2:15: ingest.max_payload: unknown unit 'KB' in \"64KB\": use one of B KiB MiB GiB TiB"},
      {"[ingest]\nmax_past = \"40d\"\n", "t.toml:2:12: ingest.max_past: must be from 1m to 31d"},
      {"[mqtt]\nreceive_maximum = 0\n", "t.toml:2:19: mqtt.receive_maximum: must be from 1 to 65535"},
      {"[mqtt]\nkeepalive = \"5500ms\"\n", "t.toml:2:13: mqtt.keepalive: must be a multiple of 1s"},
      {"[store]\nraw_retention = \"1d\"\n", "t.toml:2:17: store.raw_retention: must be from 2d to 36600d"},
      {"[store]\nrecent_age = \"90m\"\n", "t.toml:2:14: store.recent_age: must be a multiple of 1h"},
      {"[store]\npath = \"\"\n", "t.toml:2:8: store.path: must not be empty"},
      {"[log]\nlevel = \"warning\"\n",
       "t.toml:2:9: log.level: must be one of \"debug\", \"info\", \"warn\", \"error\", found \"warning\""},
      {"[analytics]\nwindows = [\"1m\", \"2m\"]\n",
       "t.toml:2:11: analytics.windows: \"2m\" is no window: use \"10s\", \"1m\", \"5m\", \"1h\", \"1d\""},
      {"[analytics]\nwindows = [\"1m\", \"1m\"]\n", "t.toml:2:11: analytics.windows: \"1m\" is there twice"},
      {"[ingest]\nzone = \"Europe/Pargue\"\n", "t.toml:2:8: ingest.zone: "},
      {"[[site]]\nsite = \"plant*\"\nzone = \"Europe/Pargue\"\n", "t.toml:3:8: site.zone: unknown time zone"},
      {"[[site]]\nsite = \"plant*\"\n", "t.toml:1:1: site: needs a zone"},
      {"[http]\nlisten = \"8080\"\n", "t.toml:2:10: http.listen: expected address:port"},
      // secrets
      {"[mqtt]\npassword = \"x\"\n",
       "t.toml:2:1: mqtt.password: secrets do not belong in this file: use password_file or TELLTALE_MQTT__PASSWORD"},
      {"[mqtt]\npassword_file = \"/nowhere/at/all\"\n",
       "t.toml:2:17: mqtt.password_file: /nowhere/at/all: cannot be read: No such file or directory"},
      {"[mqtt]\nurl = \"mqtt://u:p@h\"\n", "t.toml:2:7: mqtt.url: no credentials here: use username and password_file"},
      // filters
      {"[mqtt]\nfilters = [\"foo/#/baz\"]\n",
       "t.toml:2:12: mqtt.filters: \"foo/#/baz\": '#' must be the last level, alone"},
      {"[mqtt]\nfilters = [\"a\", \"foo+/b\"]\n",
       "t.toml:2:17: mqtt.filters: \"foo+/b\": '+' must be a level of its own"},
      {"[mqtt]\nfilters = [\"\"]\n", "t.toml:2:12: mqtt.filters: \"\": a topic filter is at least one character"},
      {"[mqtt]\nfilters = [\"alerts/#\"]\n",
       "t.toml:2:12: mqtt.filters: \"alerts/#\": 'alerts' is published by the service itself: this would be a "
       "feedback loop"},
      {"[mqtt]\nfilters = [\"$share/g/a\"]\n",
       "t.toml:2:12: mqtt.filters: \"$share/g/a\": a shared subscription would take messages out of their order"},
      {"[mqtt]\nfilters = [\"$SYS/#\"]\n",
       "t.toml:2:12: mqtt.filters: \"$SYS/#\": topics that begin with $ are the broker's own"},
      {"[mqtt]\nfilters = [\"a/#\", \"a/#\"]\n", "t.toml:2:19: mqtt.filters: \"a/#\" is there twice"},
      {"[tenants]\nenabled = true\n[mqtt]\nfilters = [\"+/presence/#\"]\n",
       "t.toml:4:12: mqtt.filters: \"+/presence/#\": 'presence' is published by the service itself: this would be a "
       "feedback loop"},
      // keys that do not fit together
      {"[mqtt]\nbackoff_min = \"1m\"\n", "t.toml:2:15: mqtt.backoff_min: must not be more than mqtt.backoff_max"},
      {"[http]\ncert = \"c.pem\"\n", "t.toml:2:8: http.cert: cert and key come together"},
      {"[mqtt]\nurl = \"mqtts://h\"\ncert = \"c.pem\"\n", "t.toml:3:8: mqtt.cert: cert and key come together"},
      {"[mqtt]\nca = \"ca.pem\"\n", "t.toml:2:6: mqtt.ca: needs a url that begins with mqtts://"},
      {"[mqtt]\nclient_id = \"\"\n", "t.toml:2:13: mqtt.client_id: must not be empty: the session is kept under it"},
      {"[ingest]\nmax_payload = \"1MiB\"\n",
       "t.toml:2:15: ingest.max_payload: must be less than mqtt.max_frame (256KiB)"},
  }));
  CAPTURE(text);
  const auto problems = problems_of(text);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].starts_with(problem));
}

TEST_CASE("a mistake in a rule is an error with line, column and the rule's name", "[app][lesson-30]") {
  auto [body, problem] = GENERATE(table<const char*, const char*>({
      {"above = 1\n", "t.toml:1:1: rule: needs a name"},
      {"name = \"\"\nabove = 1\n", "t.toml:2:8: rule.name: \"\" is no name"},
      {"name = \"to hot\"\nabove = 1\n", "t.toml:2:8: rule.name: \"to hot\" is no name"},
      {"name = \"offline\"\nabove = 1\n", "t.toml:2:8: rule.name: \"offline\" is a built-in rule's name"},
      {"name = \"r\"\n",
       "t.toml:1:1: rule 'r': checks nothing: give one of above/below, zscore, rate, "
       "flatline, missing, frozen, unusual"},
      {"name = \"r\"\nabowe = 1\nbelow = 0\n", "t.toml:3:1: rule.abowe: unknown key, did you mean 'above'?"},
      {"name = \"r\"\nabove = 1\nzscore = 4\n",
       "t.toml:4:10: rule 'r'.zscore: a rule has one check, and this one has above/below already"},
      {"name = \"r\"\nabove = 1\nflatline = \"5m\"\n",
       "t.toml:4:12: rule 'r'.flatline: a rule has one check, and this one has above/below already"},
      {"name = \"r\"\nrate = -1\n", "t.toml:3:8: rule 'r'.rate: must be more than 0"},
      {"name = \"r\"\nrate = 1\nclear = 2\n", "t.toml:4:9: rule 'r'.clear: must not be more than rate"},
      {"name = \"r\"\nrate = 1\nper = 60\n", "t.toml:4:7: rule 'r'.per: expected a duration"},
      {"name = \"r\"\nrate = 1\ndirection = \"left\"\n", "t.toml:4:13: rule 'r'.direction: must be one of \"both\""},
      {"name = \"r\"\nflatline = \"5m\"\ntolerance = -1\n", "t.toml:4:13: rule 'r'.tolerance: must not be negative"},
      {"name = \"r\"\nflatline = \"5m\"\nfor = \"5m\"\n", "t.toml:4:7: rule 'r'.for: is not for rules with flatline"},
      {"name = \"r\"\nmissing = \"0s\"\n", "t.toml:3:11: rule 'r'.missing: must be from"},
      {"name = \"r\"\nmissing = \"5m\"\nclear = 1\n",
       "t.toml:4:9: rule 'r'.clear: is for rules with above/below or zscore"},
      {"name = \"r\"\nfrozen = 4\nlearn = 1\n", "t.toml:4:9: rule 'r'.learn: must be from 2 to 1000000"},
      {"name = \"r\"\nunusual = 4\nexcept = [\"a//b\"]\n", "t.toml:4:10: rule 'r'.except: no series can match"},
      {"name = \"r\"\nabove = \"80\"\n", "t.toml:3:9: rule 'r'.above: expected a number, found the text \"80\""},
      {"name = \"r\"\nabove = nan\n", "t.toml:3:9: rule 'r'.above: must be finite"},
      {"name = \"r\"\nabove = 80\nclear = 85\n",
       "t.toml:4:9: rule 'r'.clear: must not be more than above: the alert would clear while it fires"},
      {"name = \"r\"\nbelow = 10\nclear = 5\n",
       "t.toml:4:9: rule 'r'.clear: must not be less than below: the alert would clear while it fires"},
      {"name = \"r\"\nbelow = 10\nabove = 80\nclear = 50\n", "t.toml:5:9: rule 'r'.clear: which side?"},
      {"name = \"r\"\nbelow = 10\nabove = 5\n",
       "t.toml:3:9: rule 'r'.below: must be less than above: every value violates one of them"},
      {"name = \"r\"\nabove = 1\nspan = 500\n", "t.toml:4:8: rule 'r'.span: is for rules with zscore"},
      {"name = \"r\"\nzscore = 0\n", "t.toml:3:10: rule 'r'.zscore: must be more than 0"},
      {"name = \"r\"\nzscore = 3\nclear = 4\n",
       "t.toml:4:9: rule 'r'.clear: must not be more than zscore: the alert would clear while it fires"},
      {"name = \"r\"\nzscore = 3\nspan = 1\n", "t.toml:4:8: rule 'r'.span: must be from 2 to 1000000"},
      {"name = \"r\"\nzscore = 3\nfloor = -1\n", "t.toml:4:9: rule 'r'.floor: must not be negative"},
      {"name = \"r\"\nabove = 1\nfor = 2\n",
       "t.toml:4:7: rule 'r'.for: expected a duration such as \"2s\", found the integer 2"},
      {"name = \"r\"\nabove = 1\nfor = \"2x\"\n",
       "t.toml:4:7: rule 'r'.for: unknown unit 'x' in \"2x\": use one of ms s m h d; or \"3 of 5\" readings"},
      {"name = \"r\"\nabove = 1\nfor = \"5 of 3\"\n",
       "t.toml:4:7: rule 'r'.for: expected \"N of M\" with 1 <= N <= M <= 64, found \"5 of 3\""},
      {"name = \"r\"\nabove = 1\nfor = \"0 of 3\"\n", "t.toml:4:7: rule 'r'.for: expected \"N of M\""},
      {"name = \"r\"\nabove = 1\nfor = \"three of 5\"\n", "t.toml:4:7: rule 'r'.for: expected \"N of M\""},
      {"name = \"r\"\nabove = 1\nseverity = \"crit\"\n",
       "t.toml:4:12: rule 'r'.severity: must be one of \"info\", \"warning\", \"critical\", found \"crit\""},
      {"name = \"r\"\nabove = 1\nmessage = \"{metrik} is high\"\n",
       "t.toml:4:11: rule 'r'.message: unknown field {metrik}, did you mean 'metric'?"},
      {"name = \"r\"\nabove = 1\nmessage = \"{value\"\n", "t.toml:4:11: rule 'r'.message: unknown field {value}"},
      {"name = \"r\"\nabove = 1\ntags = \"a\"\n", "t.toml:4:8: rule 'r'.tags: expected a table"},
      {"name = \"r\"\nabove = 1\nsite = \"Attic\"\n", "t.toml:4:8: rule 'r'.site: no site can match \"Attic\""},
      {"name = \"r\"\nabove = 1\nmetric = \"a b\"\n", "t.toml:4:10: rule 'r'.metric: no metric can match \"a b\""},
      {"name = \"r\"\nabove = 1\ntenant = \"acme\"\n",
       "t.toml:4:10: rule 'r'.tenant: no tenant can match \"acme\" unless [tenants] enabled = true"},
      {"name = \"r\"\nabove = 1\n[[rule]]\nname = \"r\"\nbelow = 0\n",
       "t.toml:5:8: rule 'r'.name: there is a rule of this name in line 2"},
  }));
  CAPTURE(body);
  const auto problems = problems_of("[[rule]]\n" + std::string(body));
  REQUIRE(problems.size() == 1);
  CAPTURE(problems[0]);
  CHECK(problems[0].starts_with(problem));
}

TEST_CASE("a mistake in a maintenance window or an escalation is an error with line and column", "[app][lesson-30]") {
  auto [text, problem] = GENERATE(table<const char*, const char*>({
      {"site = \"a\"\n", "t.toml:1:1: maintenance: needs a name"},
      {"name = \"a b\"\n", "t.toml:2:8: maintenance.name: \"a b\" is no name"},
      {"name = \"w\"\nstart = \"02:00\"\nduration = \"1h\"\n", "t.toml:1:1: maintenance 'w': says not what"},
      {"name = \"w\"\nsite = \"a\"\n",
       "t.toml:1:1: maintenance 'w': needs start and duration (weekly), or from and until"},
      {"name = \"w\"\nsite = \"a\"\nstart = \"2:00\"\nduration = \"1h\"\n",
       "t.toml:4:9: maintenance 'w'.start: expected a time of day such as \"02:30\", found \"2:00\""},
      {"name = \"w\"\nsite = \"a\"\nstart = \"24:00\"\nduration = \"1h\"\n",
       "t.toml:4:9: maintenance 'w'.start: expected a time of day"},
      {"name = \"w\"\nsite = \"a\"\nstart = \"02:00\"\nduration = \"8d\"\n",
       "t.toml:5:12: maintenance 'w'.duration: must be from 1m to 7d"},
      {"name = \"w\"\nsite = \"a\"\nstart = \"02:00\"\nduration = \"1h\"\ndays = [\"sunday\"]\n",
       "t.toml:6:8: maintenance 'w'.days: \"sunday\" is no day: use mon tue wed thu fri sat sun"},
      {"name = \"w\"\nsite = \"a\"\nstart = \"02:00\"\nduration = \"1h\"\nzone = \"Europe/Pargue\"\n",
       "t.toml:6:8: maintenance 'w'.zone: "},
      {"name = \"w\"\nsite = \"a\"\nfrom = \"2026-01-02\"\n",
       "t.toml:4:8: maintenance 'w'.from: from and until come together"},
      {"name = \"w\"\nsite = \"a\"\nfrom = \"2026-01-02\"\nuntil = \"2026-01-01\"\n",
       "t.toml:5:9: maintenance 'w'.until: must be after from"},
      {"name = \"w\"\nsite = \"a\"\nfrom = \"soon\"\nuntil = \"2026-01-01\"\n",
       "t.toml:4:8: maintenance 'w'.from: expected a time such as"},
      {"name = \"w\"\nsite = \"a\"\nfrom = \"2026-01-01\"\nuntil = \"2026-01-02\"\ndays = [\"mon\"]\n",
       "t.toml:6:8: maintenance 'w'.days: does not go with from and until"},
      {"name = \"w\"\ndevise = \"a\"\nstart = \"02:00\"\nduration = \"1h\"\n", "did you mean 'device'?"},
  }));
  CAPTURE(text);
  const auto problems = problems_of(std::string("[[maintenance]]\n") + text);
  REQUIRE_FALSE(problems.empty());
  CHECK_THAT(problems.front(), Catch::Contains(problem));

  const auto [escalate, fault] = GENERATE(table<const char*, const char*>({
      {"{ after = \"30m\" }", "escalate: needs after and severity"},
      {"{ after = \"30m\", severity = \"warning\" }", "severity: must be higher than the severity before it, warning"},
      {"{ after = \"30\", severity = \"critical\" }", "after: "},
      {"[ { after = \"1h\", severity = \"critical\" }, { after = \"2h\", severity = \"critical\" } ]",
       "must be higher than the severity before it, critical"},
      {"\"30m\"", "escalate: "},
  }));
  CAPTURE(escalate);
  const auto more =
      problems_of("[[rule]]\nname = \"r\"\nmetric = \"t\"\nabove = 1.0\nescalate = " + std::string(escalate) + "\n");
  REQUIRE_FALSE(more.empty());
  CHECK_THAT(more.front(), Catch::Contains(fault));
}

TEST_CASE("a mistake in a retention class is an error with line and column", "[app][lesson-30]") {
  auto [entry, problem] = GENERATE(table<const char*, const char*>({
      {"tenants = [\"a\"]\n", "t.toml:3:1: retention: needs a name"},
      {"name = \"long\"\n", "t.toml:3:1: retention: needs tenants"},
      {"name = \"Long\"\ntenants = [\"a\"]\n", "t.toml:4:8: retention.name: must be 1 to 32 of a-z, 0-9 and _"},
      {"name = \"raw\"\ntenants = [\"a\"]\n", "t.toml:4:8: retention.name: there is another class of this name"},
      {"name = \"long\"\ntenants = [\"a\"]\nraw = \"1d\"\n", "t.toml:6:7: retention.raw: "},
      {"name = \"long\"\ntenants = [\"a\"]\nhourly = \"36h\"\n",
       "t.toml:6:10: retention.hourly: must be a multiple of 1d"},
      {"name = \"long\"\ntenants = [\"a\"]\nrow = \"3d\"\n",
       "t.toml:6:1: retention.row: unknown key, did you mean 'raw'?"},
  }));
  const auto problems = problems_of(std::string("[tenants]\nenabled = true\n[[retention]]\n") + entry);
  REQUIRE(problems.size() == 1);
  CAPTURE(problems[0]);
  CHECK(problems[0].starts_with(problem));
  CHECK(problems_of(std::string("[[retention]]\n") + entry)[0].find("needs [tenants]") != std::string::npos);
}

TEST_CASE("a mistake in a mapping or heartbeat is an error with line and column", "[app][lesson-30]") {
  auto [text, problem] = GENERATE(table<const char*, const char*>({
      {"[[mapping]]\nname = \"m\"\n", "t.toml:1:1: mapping 'm': needs a topic"},
      {"[[mapping]]\ntopic = \"a/{device}\"\n", "t.toml:1:1: mapping: needs a name"},
      {"[[mapping]]\nname = \"m\"\ntopic = \"alerts/{device}/{metric}\"\ncodec = \"plain\"\n",
       "t.toml:3:9: mapping 'm'.topic: 'alerts' is published by the service itself: this would be a feedback loop"},
      {"[[mapping]]\nname = \"m\"\ntopic = \"telemetry/{device}\"\n",
       "t.toml:3:9: mapping 'm'.topic: 'telemetry' topics have a fixed meaning and never reach a mapping"},
      {"[[mapping]]\nname = \"m\"\ntopic = \"a/#\"\n", "t.toml:3:9: mapping 'm'.topic: "},
      {"[[mapping]]\nname = \"m\"\ntopic = \"a/{device\"\n", "t.toml:3:9: mapping 'm'.topic: "},
      {"[[mapping]]\nname = \"m\"\ntopic = \"a/{device}\"\ncodec = \"senml\"\n",
       "t.toml:4:9: mapping 'm'.codec: must be one of \"json\", \"plain\", found \"senml\""},
      {"[[mapping]]\nname = \"m\"\ntopic = \"a/{device}\"\nmetrics = \"all\"\n",
       "t.toml:4:11: mapping 'm'.metrics: must be \"auto\" or a list of { at, name, unit }"},
      {"[[mapping]]\nname = \"m\"\ntopic = \"a/{device}\"\nmetrics = [ { at = \"/x\", nane = \"y\" } ]\n",
       "t.toml:4:26: mapping 'm'.metrics.nane: unknown key, did you mean 'name'?"},
      {"[[mapping]]\nname = \"m\"\ntopic = \"a/{device}\"\nmetrics = [ { name = \"y\" } ]\n",
       "t.toml:4:13: mapping 'm'.metrics: needs at"},
      {"[[mapping]]\nname = \"m\"\ntopic = \"a/{device}\"\nset = { sute = \"x\" }\n",
       "t.toml:4:9: mapping 'm'.set.sute: unknown key, did you mean 'site'?"},
      {"[[mapping]]\nname = \"m\"\ntopic = \"a/{device}\"\nmetrics = \"auto\"\nset = { site = \"x\" }\n"
       "[[mapping]]\nname = \"m\"\ntopic = \"b/{device}\"\nmetrics = \"auto\"\nset = { site = \"x\" }\n",
       "t.toml:7:8: mapping 'm'.name: there is another mapping of this name"},
      {"[mqtt]\nfilters = [\"telemetry/#\"]\n[[mapping]]\nname = \"m\"\ntopic = \"a/{device}\"\nset = { site = \"x\" "
       "}\nmetrics = \"auto\"\n",
       "t.toml:5:9: mapping 'm'.topic: is never reached: no filter in mqtt.filters covers \"a/+\""},
      {"[[heartbeat]]\nsite = \"a\"\n", "t.toml:1:1: heartbeat: needs heartbeat"},
      {"[[heartbeat]]\nheartbeat = \"1500ms\"\n", "t.toml:2:13: heartbeat.heartbeat: must be whole seconds"},
      {"[[heartbeat]]\nheartbeet = \"15s\"\nheartbeat = \"15s\"\n",
       "t.toml:2:1: heartbeat.heartbeet: unknown key, did you mean 'heartbeat'?"},
  }));
  CAPTURE(text);
  const auto problems = problems_of(text);
  REQUIRE(problems.size() == 1);
  CAPTURE(problems[0]);
  CHECK(problems[0].starts_with(problem));
}

TEST_CASE("a mapping that the decoder cannot compile is an error at its topic", "[app][lesson-30]") {
  const auto problems = problems_of(
      "[[mapping]]\nname = \"m\"\ntopic = \"a/{device}\"\nset = { site = \"x\" }\nmetrics = [ { at = \"x/y\", name = "
      "\"y\" } ]\n");
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].starts_with("t.toml:3:9: mapping 'm'.topic: "));
}

TEST_CASE("all mistakes are told at once, in the order of the file", "[app][lesson-30]") {
  const auto problems = problems_of(R"([mqtt]
url = "tcp://x"
client_di = "y"
[[rule]]
name = "r"
abowe = 80
for = "2x"
[store]
path = 7
)");
  REQUIRE(problems.size() == 5);  // that the rule checks nothing follows from the misspelt key
  CHECK(problems[0].starts_with("t.toml:2:7: mqtt.url:"));
  CHECK(problems[1].starts_with("t.toml:3:1: mqtt.client_di:"));
  CHECK(problems[2].starts_with("t.toml:6:1: rule.abowe:"));
  CHECK(problems[3].starts_with("t.toml:7:7: rule 'r'.for:"));
  CHECK(problems[4].starts_with("t.toml:9:8: store.path:"));
}

}  // namespace
}  // namespace telltale::app
