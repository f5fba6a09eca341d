#include "tests/support/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace telltale::test {
namespace {

// Everything the child needs is made before fork(): after it, only async-signal-safe calls are allowed.
struct Prepared {
  explicit Prepared(const ChildOptions& options) : strings(options.arguments) {
    for (auto& s : strings) arguments.push_back(s.data());
    arguments.push_back(nullptr);
    for (char** variable = environ; *variable; ++variable) {
      const std::string_view text(*variable);
      bool replaced = false;
      for (const auto& [name, value] : options.environment) replaced |= text.starts_with(name + "=");
      if (!replaced) variables.emplace_back(text);
    }
    for (const auto& [name, value] : options.environment) variables.push_back(name + "=" + value);
    for (auto& s : variables) environment.push_back(s.data());
    environment.push_back(nullptr);
  }
  std::vector<std::string> strings, variables;
  std::vector<char*> arguments, environment;
};

void redirect(const std::filesystem::path& file, int target) {
  const char* name = file.empty() ? "/dev/null" : file.c_str();
  const int fd = ::open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0 || ::dup2(fd, target) < 0) ::_exit(126);
}

[[noreturn]] void become(const ChildOptions& options, const Prepared& prepared, int error_pipe) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  redirect(options.stdout_file, STDOUT_FILENO);
  redirect(options.stderr_file, STDERR_FILENO);
  if (options.working_directory.empty() || ::chdir(options.working_directory.c_str()) == 0) {
    ::execvpe(prepared.arguments[0], prepared.arguments.data(), prepared.environment.data());
  }
  const int error = errno;
  [[maybe_unused]] const auto written = ::write(error_pipe, &error, sizeof error);
  ::_exit(127);
}

}  // namespace

ChildProcess::ChildProcess(const ChildOptions& options) {
  const Prepared prepared(options);
  int error_pipe[2];
  if (::pipe2(error_pipe, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  pid_ = ::fork();
  if (pid_ == 0) become(options, prepared, error_pipe[1]);
  ::close(error_pipe[1]);
  int error = pid_ < 0 ? errno : 0;
  if (pid_ > 0 && ::read(error_pipe[0], &error, sizeof error) == sizeof error) ::waitpid(pid_, nullptr, 0);
  ::close(error_pipe[0]);
  if (error != 0) throw std::system_error(error, std::generic_category(), "start " + options.arguments.at(0));
  // glibc 2.36 declares pidfd_open() without extern "C".
  pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
}

ChildProcess::~ChildProcess() { kill(); }

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::exchange(other.pidfd_, -1)),
      status_(std::exchange(other.status_, std::nullopt)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  std::swap(status_, other.status_);
  return *this;
}

void ChildProcess::signal(int number) {
  if (pid_ > 0 && !status_) ::kill(pid_, number);
}

std::optional<int> ChildProcess::wait(std::chrono::milliseconds deadline) {
  if (status_ || pid_ <= 0) return status_;
  pollfd ended{.fd = pidfd_, .events = POLLIN, .revents = 0};
  if (::poll(&ended, 1, static_cast<int>(deadline.count())) <= 0) return std::nullopt;
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) return std::nullopt;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return status_;
}

void ChildProcess::kill() {
  if (pid_ <= 0) return;
  signal(SIGKILL);
  if (!status_) {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  if (pidfd_ >= 0) ::close(std::exchange(pidfd_, -1));
}

}  // namespace telltale::test
