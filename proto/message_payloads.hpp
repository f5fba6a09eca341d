#pragma once

#include "proto/device_reply.hpp"
#include "proto/row_clock.hpp"

namespace telltale::proto {

// Payloads that are no telemetry. payload[size] must be writable; the payload may be changed.

/// A status message of contracts 4: a word, or an object with `state`, `online` or `status`. Fills everything but
/// `device` and `retained`; `config_version` is put into `reply` as its id.
[[nodiscard]] Result<void, Rejection> read_status(char* payload, std::size_t size, JsonTape& tape,
                                                  const RowClock& clock, Timestamp received, DeviceStatus& out,
                                                  DeviceReply& reply);

/// {"id":…,"ok":…,"code":…,"msg":…} as far as it is readable: a reply without an id answers nothing.
void read_ack(char* payload, std::size_t size, JsonTape& tape, DeviceReply& out);

/// {"by":…,"comment":…,"until":…}, every key optional; no payload at all is an order without comment.
[[nodiscard]] Result<void, Rejection> read_control(std::string_view verb, char* payload, std::size_t size,
                                                   JsonTape& tape, const TimeZone& zone, OperatorAction& out);

/// {"site":…,"device":…,"metric":…,"rule":…,"severity":…,"from":…,"until":…,"by":…,"comment":…}. To set one, at least
/// one pattern is needed: a silence of everything has to say so. To end one, `by` and `comment`, or no payload at all.
[[nodiscard]] Result<void, Rejection> read_silence(char* payload, std::size_t size, JsonTape& tape,
                                                   const TimeZone& zone, SilenceOrder& out);

/// {"by":…,"comment":…} or nothing; fills these two.
[[nodiscard]] Result<void, Rejection> read_removal(std::string_view verb, char* payload, std::size_t size,
                                                   JsonTape& tape, DevicesRemoved& out);

}  // namespace telltale::proto
