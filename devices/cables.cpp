#include "devices/cables.hpp"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <list>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace telltale::devices {
namespace {

using boost::asio::ip::tcp;

/// One connection through a cable: two sockets and a buffer each way.
class Strand : public std::enable_shared_from_this<Strand> {
 public:
  explicit Strand(tcp::socket device) : device_(std::move(device)), broker_(device_.get_executor()) {}

  void start(const tcp::endpoint& broker) {
    broker_.async_connect(broker, [self = shared_from_this()](const boost::system::error_code& error) {
      if (error) return self->end();
      self->pump(self->device_, self->broker_, self->up_);
      self->pump(self->broker_, self->device_, self->down_);
    });
  }
  void end() {
    boost::system::error_code ignored;
    device_.close(ignored);
    broker_.close(ignored);
  }

 private:
  using Buffer = std::array<char, 4096>;

  void pump(tcp::socket& from, tcp::socket& to, Buffer& buffer) {
    from.async_read_some(boost::asio::buffer(buffer), [self = shared_from_this(), &from, &to, &buffer](
                                                          const boost::system::error_code& error, std::size_t size) {
      if (error) return self->end();
      boost::asio::async_write(to, boost::asio::buffer(buffer.data(), size),
                               [self, &from, &to, &buffer](const boost::system::error_code& write_error, std::size_t) {
                                 if (write_error) return self->end();
                                 self->pump(from, to, buffer);
                               });
    });
  }

  tcp::socket device_, broker_;
  Buffer up_{}, down_{};
};

struct Cable {
  tcp::acceptor acceptor;
  std::vector<std::weak_ptr<Strand>> strands;
};

}  // namespace

struct Cables::Impl {
  boost::asio::io_context io;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  tcp::endpoint broker;
  std::mutex mutex;                       // guards `cables` (the map; a Cable belongs to the io thread)
  std::map<std::uint16_t, Cable> cables;  // addresses are stable
  std::jthread thread;

  void accept(Cable& cable) {
    cable.acceptor.async_accept([this, &cable](const boost::system::error_code& error, tcp::socket socket) {
      if (error) return;
      const auto strand = std::make_shared<Strand>(std::move(socket));
      std::erase_if(cable.strands, [](const auto& old) { return old.expired(); });
      cable.strands.push_back(strand);
      strand->start(broker);
      accept(cable);
    });
  }
};

Cables::Cables(const std::string& host, std::uint16_t port) : impl_(std::make_unique<Impl>()) {
  tcp::resolver resolver(impl_->io);
  impl_->broker = resolver.resolve(host, std::to_string(port))->endpoint();
  impl_->thread = std::jthread([impl = impl_.get()] { impl->io.run(); });
}

Cables::~Cables() { impl_->io.stop(); }

std::uint16_t Cables::lay() {
  tcp::acceptor acceptor(impl_->io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
  const std::uint16_t port = acceptor.local_endpoint().port();
  const std::lock_guard lock(impl_->mutex);
  auto& cable = impl_->cables.emplace(port, Cable{std::move(acceptor), {}}).first->second;
  boost::asio::post(impl_->io, [impl = impl_.get(), &cable] { impl->accept(cable); });
  return port;
}

void Cables::cut(std::uint16_t port) {
  const std::lock_guard lock(impl_->mutex);
  const auto it = impl_->cables.find(port);
  if (it == impl_->cables.end()) return;
  boost::asio::post(impl_->io, [&cable = it->second] {
    for (const auto& weak : cable.strands) {
      if (const auto strand = weak.lock()) strand->end();
    }
    cable.strands.clear();
  });
}

}  // namespace telltale::devices
