#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "app/doctor.hpp"
#include "broker/certificate.hpp"

namespace telltale::app {

namespace {

using Verdict = Diagnosis::Verdict;

Diagnosis key_diagnosis(const std::string& name, const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) {
    return {Verdict::bad, name, file + ": " + std::strerror(errno), "put the file there, or correct the path"};
  }
  if (::access(file.c_str(), R_OK) != 0) {
    return {Verdict::bad, name, file + " cannot be read by this user", "chown it to the service's user"};
  }
  if ((status.st_mode & S_IRWXO) != 0) {
    return {Verdict::doubtful, name, file + " can be read by everybody on this machine", "chmod 600 " + file};
  }
  return {Verdict::good, name, file + " is private", ""};
}

Diagnosis certificate_diagnosis(const std::string& name, const std::string& file) {
  constexpr int soon = 30;
  const auto days = broker::certificate_days_left(file);
  if (!days) {
    return {Verdict::bad, name, file + " cannot be read as a certificate",
            "a PEM file that the service's user may read"};
  }
  if (*days < 0) return {Verdict::bad, name, file + " has expired", "a new one; telltale-pki renew DIR NAME"};
  const auto left = file + " ends in " + std::to_string(*days) + " days";
  if (*days < soon) return {Verdict::doubtful, name, left, "a new one in time; telltale-pki renew DIR NAME"};
  return {Verdict::good, name, left, ""};
}

}  // namespace

std::vector<Diagnosis> examine_files(const Config& config) {
  std::vector<Diagnosis> all;
  const auto certificate = [&](const char* name, const std::string& file) {
    if (!file.empty()) all.push_back(certificate_diagnosis(name, file));
  };
  const auto key = [&](const char* name, const std::string& file) {
    if (!file.empty()) all.push_back(key_diagnosis(name, file));
  };
  certificate("mqtt.ca", config.mqtt.ca_file);
  certificate("mqtt.cert", config.mqtt.cert_file);
  key("mqtt.key", config.mqtt.key_file);
  certificate("http.cert", config.http.cert_file);
  key("http.key", config.http.key_file);
  return all;
}

}  // namespace telltale::app
