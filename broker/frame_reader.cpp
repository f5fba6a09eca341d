#include "broker/frame_reader.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace telltale::broker {
namespace {

using mqtt5::PacketType;
using mqtt5::WireError;

// Topic (3.3.2.1: at most 65,535 bytes), packet id and two lengths of an oversize PUBLISH always fit.
constexpr std::size_t oversize_head_bytes = 72 * 1024;

}  // namespace

FrameReader::FrameReader(std::uint32_t max_frame_bytes)
    : max_frame_bytes_(max_frame_bytes),
      buffer_(std::max<std::size_t>(max_frame_bytes, oversize_head_bytes) + 5 + read_bytes) {}

std::span<char> FrameReader::writable() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  return std::span(buffer_).subspan(end_, std::min(read_bytes, buffer_.size() - end_));
}

Result<Frames, WireError> FrameReader::take() {
  Frames out;
  for (;;) {
    if (oversize_) skip_oversize(out);
    if (oversize_) return out;
    const auto taken = take_whole_frames(out);
    if (!taken) return fail(taken.error());
    drop_front(*taken);
    const auto header = mqtt5::parse_fixed_header({buffer_.data() + begin_, end_ - begin_});
    if (!header) return fail(header.error());
    if (!*header || (*header)->remaining_length <= max_frame_bytes_) return out;
    const auto started = start_oversize(**header);
    if (!started) return fail(started.error());
    if (!*started) return out;
  }
}

/// Copies the run of whole packets at the front to a slab. How many bytes they are.
Result<std::size_t, WireError> FrameReader::take_whole_frames(Frames& out) {
  const std::string_view bytes(buffer_.data() + begin_, end_ - begin_);
  std::size_t whole = 0;
  const std::size_t first = out.frames.size();
  for (;;) {
    const auto header = mqtt5::parse_fixed_header(bytes.substr(whole));
    if (!header) return fail(header.error());
    if (!*header || (*header)->remaining_length > max_frame_bytes_) break;
    const std::size_t body = whole + (*header)->size;
    const std::uint32_t length = (*header)->remaining_length;
    if (body + length > bytes.size()) break;
    out.frames.push_back({(*header)->first_byte, buffer_.data() + begin_ + body, length, length});
    whole = body + length;
  }
  if (whole == 0) return whole;
  auto slab = std::make_shared<std::vector<char>>();
  slab->reserve(whole + 1);
  slab->assign(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(whole));
  slab->push_back('\0');
  for (std::size_t i = first; i < out.frames.size(); ++i) {
    out.frames[i].body = slab->data() + (out.frames[i].body - bytes.data());
  }
  out.slabs.push_back(std::move(slab));
  return whole;
}

/// False when more bytes are needed to know what is to be kept.
Result<bool, WireError> FrameReader::start_oversize(const mqtt5::FixedHeader& header) {
  if (mqtt5::packet_type(header.first_byte) != PacketType::publish) return fail(WireError::frame_too_large);
  const std::size_t wanted = std::min<std::size_t>(header.remaining_length, oversize_head_bytes);
  if (end_ - begin_ < header.size + wanted) return false;
  const std::string_view head(buffer_.data() + begin_ + header.size, wanted);
  const auto publish = mqtt5::parse_publish(header.first_byte, head, header.remaining_length);
  if (!publish) return fail(publish.error());
  const std::size_t kept = std::min(wanted, publish->payload_offset + kept_payload_bytes);
  auto slab = std::make_shared<std::vector<char>>(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(kept));
  slab->push_back('\0');
  const Frame frame{header.first_byte, slab->data(), static_cast<std::uint32_t>(kept), header.remaining_length};
  oversize_ = Oversize{std::move(slab), frame, std::uint64_t{header.size} + header.remaining_length};
  return true;
}

void FrameReader::skip_oversize(Frames& out) {
  const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(oversize_->bytes_to_skip, end_ - begin_));
  drop_front(skipped);
  oversize_->bytes_to_skip -= skipped;
  if (oversize_->bytes_to_skip > 0) return;
  out.frames.push_back(oversize_->frame);
  out.slabs.push_back(std::move(oversize_->slab));
  oversize_.reset();
}

void FrameReader::drop_front(std::size_t n) {
  begin_ += n;
  if (begin_ == end_) begin_ = end_ = 0;
}

}  // namespace telltale::broker
