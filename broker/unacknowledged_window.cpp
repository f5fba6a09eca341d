#include "broker/unacknowledged_window.hpp"

#include "broker/mqtt5_encode.hpp"

namespace telltale::broker {

void UnacknowledgedWindow::arrived(std::uint16_t packet_id, std::uint32_t bytes, Owner owner) {
  entries_.push_back({bytes, packet_id, owner});
  bytes_ += bytes;
}

void UnacknowledgedWindow::acknowledge(std::size_t count, std::string& out) {
  while (!entries_.empty()) {
    const Entry& next = entries_.front();
    if (next.owner == Owner::receiver && count-- == 0) return;
    if (next.packet_id != 0) mqtt5::encode_puback(next.packet_id, out);
    bytes_ -= next.bytes;
    entries_.pop_front();
  }
}

void UnacknowledgedWindow::clear() {
  entries_.clear();
  bytes_ = 0;
}

}  // namespace telltale::broker
