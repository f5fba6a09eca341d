#include "devices/cables.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace telltale::devices {
namespace {

[[noreturn]] void fail_with_errno(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

class File {
 public:
  File() = default;
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_ = -1;
};

/// An address as connect() takes it.
struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const noexcept {
    return static_cast<const sockaddr*>(static_cast<const void*>(&bytes));
  }
};

std::vector<Address> resolve(const std::string& host, std::uint16_t port) {
  std::string name = host;
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(name.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) throw std::runtime_error("broker host " + host + ": " + ::gai_strerror(error));
  std::vector<Address> addresses;
  for (const auto* one = found; one; one = one->ai_next) {
    auto& address = addresses.emplace_back();
    std::memcpy(&address.bytes, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
  }
  ::freeaddrinfo(found);
  return addresses;
}

/// One relayed connection.
struct Strand {
  std::uint16_t cable;
  File device, broker;
};

/// Passes on what there is. False when one side has ended, or does not take what it gets.
bool pass(const File& from, const File& to) {
  std::array<char, 4096> buffer;
  const auto size = ::recv(from.fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  return size > 0 && ::send(to.fd(), buffer.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL) == size;
}

}  // namespace

struct Cables::Impl {
  std::vector<Address> broker;  // of one host; localhost is often two
  File wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex;                         // guards the two below
  std::map<std::uint16_t, File> listening;  // by port
  std::vector<std::uint16_t> to_cut;
  std::vector<Strand> strands;  // of the thread
  std::jthread thread;

  void wake_up() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake.fd(), &one, sizeof one);  // full means awake already
  }

  void accept(std::uint16_t port, int listener) {
    File device(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (device.fd() < 0) return;
    // Blocks the relay for as long as the broker takes: a loopback or a local network, as a fleet has it.
    for (const auto& address : broker) {
      File to(::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
      if (to.fd() < 0 || ::connect(to.fd(), address.get(), address.size) != 0) continue;
      strands.push_back({port, std::move(device), std::move(to)});
      return;
    }
  }

  void turn() {
    std::vector<pollfd> polled{{wake.fd(), POLLIN, 0}};
    std::vector<std::uint16_t> ports;
    {
      const std::lock_guard lock(mutex);
      for (const auto port : std::exchange(to_cut, {})) {
        std::erase_if(strands, [port](const Strand& strand) { return strand.cable == port; });
      }
      for (const auto& [port, file] : listening) {
        ports.push_back(port);
        polled.push_back({file.fd(), POLLIN, 0});
      }
    }
    for (const auto& strand : strands) {
      polled.push_back({strand.device.fd(), POLLIN, 0});
      polled.push_back({strand.broker.fd(), POLLIN, 0});
    }
    if (::poll(polled.data(), polled.size(), -1) <= 0) return;
    std::uint64_t drained = 0;
    [[maybe_unused]] const auto got = ::read(wake.fd(), &drained, sizeof drained);
    std::erase_if(strands, [](const Strand& s) { return !pass(s.device, s.broker) || !pass(s.broker, s.device); });
    for (std::size_t i = 0; i < ports.size(); ++i) {
      if (polled[i + 1].revents != 0) accept(ports[i], polled[i + 1].fd);
    }
  }
};

Cables::Cables(const std::string& host, std::uint16_t port) : impl_(std::make_unique<Impl>()) {
  if (impl_->wake.fd() < 0) fail_with_errno("eventfd");
  impl_->broker = resolve(host, port);
  impl_->thread = std::jthread([impl = impl_.get()](const std::stop_token& stop) {
    while (!stop.stop_requested()) impl->turn();
  });
}

Cables::~Cables() {
  impl_->thread.request_stop();
  impl_->wake_up();
}

std::uint16_t Cables::lay() {
  File file(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in wanted{};
  wanted.sin_family = AF_INET;
  wanted.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Address address;
  std::memcpy(&address.bytes, &wanted, sizeof wanted);
  if (file.fd() < 0 || ::bind(file.fd(), address.get(), sizeof wanted) != 0 || ::listen(file.fd(), 16) != 0) {
    fail_with_errno("a cable's socket");
  }
  address.size = sizeof address.bytes;
  ::getsockname(file.fd(), static_cast<sockaddr*>(static_cast<void*>(&address.bytes)), &address.size);
  std::memcpy(&wanted, &address.bytes, sizeof wanted);
  const std::uint16_t port = ntohs(wanted.sin_port);
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->listening.emplace(port, std::move(file));
  }
  impl_->wake_up();
  return port;
}

void Cables::cut(std::uint16_t port) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->to_cut.push_back(port);
  }
  impl_->wake_up();
}

}  // namespace telltale::devices
