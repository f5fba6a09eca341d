#include "notify/curl_transfer.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>
#include <utility>

#include "notify/retry.hpp"

namespace telltale::notify {

namespace {

constexpr std::size_t kept_answer_bytes = 200;

struct FreeEasy {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct FreeMulti {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};
struct FreeList {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

class List {
 public:
  void add(const std::string& text) {
    curl_slist* longer = curl_slist_append(list_.get(), text.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    (void)list_.release();
    list_.reset(longer);
  }
  [[nodiscard]] curl_slist* get() const noexcept { return list_.get(); }

 private:
  std::unique_ptr<curl_slist, FreeList> list_;
};

struct UnderWay {
  std::uint64_t token;
  Request request;
  List headers, recipients;
  std::size_t read = 0;  // bytes of a mail that curl has taken
  std::string answer;
  std::array<char, CURL_ERROR_SIZE> error{};
  std::unique_ptr<CURL, FreeEasy> easy{curl_easy_init()};
};

std::size_t keep_answer(char* bytes, std::size_t, std::size_t n, void* into) {
  auto& answer = static_cast<UnderWay*>(into)->answer;
  answer.append(bytes, std::min(n, kept_answer_bytes - answer.size()));
  return n;
}

std::size_t give_body(char* into, std::size_t size, std::size_t items, void* from) {
  auto& under_way = *static_cast<UnderWay*>(from);
  const std::size_t n = std::min(size * items, under_way.request.body.size() - under_way.read);
  std::copy_n(under_way.request.body.data() + under_way.read, n, into);
  under_way.read += n;
  return n;
}

std::string first_line(const std::string& answer) {
  std::string line = answer.substr(0, answer.find_first_of("\r\n"));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return line;
}

void set_up_mail(CURL* easy, UnderWay& under_way) {
  const Request& request = under_way.request;
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(easy, CURLOPT_USE_SSL, static_cast<long>(request.insecure ? CURLUSESSL_TRY : CURLUSESSL_ALL));
  curl_easy_setopt(easy, CURLOPT_MAIL_FROM, request.from.c_str());
  for (const auto& to : request.to) under_way.recipients.add(to);
  curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, under_way.recipients.get());
  curl_easy_setopt(easy, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);  // one bad address costs the others nothing
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, &give_body);
  curl_easy_setopt(easy, CURLOPT_READDATA, &under_way);
  curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
}

void set_up_http(CURL* easy, UnderWay& under_way) {
  const Request& request = under_way.request;
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  for (const auto& header : request.headers) under_way.headers.add(header);
  under_way.headers.add("Expect:");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, under_way.headers.get());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.c_str());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
}

void set_up(UnderWay& under_way, const CurlTransfer::Patience& patience) {
  CURL* easy = under_way.easy.get();
  const Request& request = under_way.request;
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &under_way);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, under_way.error.data());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(patience.connect.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(patience.whole.count()));
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &keep_answer);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &under_way);
  if (!request.username.empty()) {
    curl_easy_setopt(easy, CURLOPT_USERNAME, request.username.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, request.password.c_str());
  }
  if (!request.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, request.ca_file.c_str());
  if (request.insecure) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (request.kind == Request::Kind::mail) {
    set_up_mail(easy, under_way);
  } else {
    set_up_http(easy, under_way);
  }
}

Outcome outcome_of(UnderWay& under_way, CURLcode result) {
  CURL* easy = under_way.easy.get();
  const bool mail = under_way.request.kind == Request::Kind::mail;
  long code = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
  Outcome outcome;
  curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME, &outcome.seconds);
  if (result != CURLE_OK) {
    outcome.detail = curl_easy_strerror(result);
    if (under_way.error[0] != '\0') outcome.detail += std::string(": ") + under_way.error.data();
    if (mail && code != 0) outcome.detail += " (SMTP " + std::to_string(code) + ")";
    if (mail && result == CURLE_USE_SSL_FAILED) {
      outcome.detail += "; the server offers no TLS: smtps://, another port, or insecure = true";
    }
    outcome.verdict = mail ? verdict_of_smtp(code) : Verdict::retry;
    return outcome;
  }
  const std::string answer = first_line(under_way.answer);
  outcome.detail = (mail ? "SMTP " : "HTTP ") + std::to_string(code) + (answer.empty() ? "" : ": " + answer);
  outcome.verdict = mail ? Verdict::accepted : verdict_of_http(code);
  curl_off_t retry_after = 0;
  if (curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after) == CURLE_OK && retry_after > 0) {
    outcome.retry_after = std::chrono::seconds{retry_after};
  }
  return outcome;
}

}  // namespace

struct CurlTransfer::Impl {
  Patience patience;
  std::unique_ptr<CURLM, FreeMulti> multi;
  std::map<std::uint64_t, std::unique_ptr<UnderWay>> under_way;
  std::vector<Done> failed_at_once;

  void collect(std::vector<Done>& done) {
    int waiting = 0;
    while (CURLMsg* message = curl_multi_info_read(multi.get(), &waiting)) {
      if (message->msg != CURLMSG_DONE) continue;
      UnderWay* ended = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &ended);
      done.push_back({ended->token, outcome_of(*ended, message->data.result)});
      curl_multi_remove_handle(multi.get(), message->easy_handle);
      under_way.erase(ended->token);
    }
  }
};

CurlTransfer::CurlTransfer(Patience patience) : impl_(std::make_unique<Impl>()) {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw std::runtime_error("libcurl cannot be initialised");
  impl_->patience = patience;
  impl_->multi.reset(curl_multi_init());
  if (!impl_->multi) throw std::runtime_error("libcurl has no memory");
}

CurlTransfer::~CurlTransfer() {
  for (auto& [token, ending] : impl_->under_way) curl_multi_remove_handle(impl_->multi.get(), ending->easy.get());
}

void CurlTransfer::start(std::uint64_t token, Request request) {
  auto under_way = std::make_unique<UnderWay>();
  under_way->token = token;
  under_way->request = std::move(request);
  if (!under_way->easy) {
    impl_->failed_at_once.push_back({token, {.verdict = Verdict::retry, .detail = "libcurl has no memory"}});
    return;
  }
  set_up(*under_way, impl_->patience);
  curl_multi_add_handle(impl_->multi.get(), under_way->easy.get());
  impl_->under_way.emplace(token, std::move(under_way));
}

std::vector<Transfer::Done> CurlTransfer::wait(Millis timeout) {
  auto done = std::exchange(impl_->failed_at_once, {});
  int running = 0;
  curl_multi_perform(impl_->multi.get(), &running);
  impl_->collect(done);
  if (!done.empty()) return done;
  curl_multi_poll(impl_->multi.get(), nullptr, 0, static_cast<int>(timeout.count()), nullptr);
  curl_multi_perform(impl_->multi.get(), &running);
  impl_->collect(done);
  return done;
}

void CurlTransfer::wake() { curl_multi_wakeup(impl_->multi.get()); }

}  // namespace telltale::notify
