#include "tests/bench/load_generator/http_target.h"

#include <curl/curl.h>

#include <utility>

#include "nlohmann/json.hpp"

namespace newsgenre {
namespace {

size_t Append(char* data, size_t size, size_t count, void* body) {
  static_cast<std::string*>(body)->append(data, size * count);
  return size * count;
}

}  // namespace

struct HttpTarget::CurlMulti {
  CurlMulti()
      : handle(curl_multi_init()), headers(curl_slist_append(nullptr, "Content-Type: application/json")) {
    // libcurl closes idle connections above this number.
    curl_multi_setopt(handle, CURLMOPT_MAXCONNECTS, 4096L);
  }
  ~CurlMulti() {
    curl_slist_free_all(headers);
    curl_multi_cleanup(handle);
  }

  CURLM* const handle;
  curl_slist* const headers;
};

// A handle that carries one call at a time.
struct HttpTarget::Exchange {
  Exchange() : handle(curl_easy_init()) {}
  ~Exchange() { curl_easy_cleanup(handle); }

  CURL* const handle;
  size_t call = 0;
  std::string answer;
};

HttpTarget::HttpTarget(const std::string& address, const std::vector<std::string>& texts, Listener* listener)
    : url_("http://" + address + "/predict"), listener_(listener) {
  for (const std::string& text : texts) bodies_.push_back(nlohmann::json({{"text", text}}).dump());
  curl_global_init(CURL_GLOBAL_DEFAULT);
  curl_ = std::make_unique<CurlMulti>();
  driver_ = std::thread([this] { Drive(); });
}

HttpTarget::~HttpTarget() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
  }
  curl_multi_wakeup(curl_->handle);
  driver_.join();
  for (const auto& exchange : exchanges_) curl_multi_remove_handle(curl_->handle, exchange->handle);
}

void HttpTarget::Send(size_t call, size_t text) {
  {
    MutexLock lock(&mutex_);
    started_.push_back({call, text});
  }
  curl_multi_wakeup(curl_->handle);
}

bool HttpTarget::TakeStarted(std::vector<Started>* started) {
  MutexLock lock(&mutex_);
  started->clear();
  std::swap(*started, started_);
  return !stopping_;
}

void HttpTarget::Drive() {
  constexpr int kMaxWaitMs = 1000;  // Send and the destructor cut it short
  std::vector<Started> started;
  while (TakeStarted(&started)) {
    for (const Started& call : started) Begin(call);
    int running = 0;
    curl_multi_perform(curl_->handle, &running);
    FinishDone();
    curl_multi_poll(curl_->handle, nullptr, 0, kMaxWaitMs, nullptr);
  }
}

void HttpTarget::Begin(const Started& started) {
  if (idle_.empty()) {
    exchanges_.push_back(std::make_unique<Exchange>());
    idle_.push_back(exchanges_.back().get());
  }
  Exchange* const exchange = idle_.back();
  idle_.pop_back();
  exchange->call = started.call;
  exchange->answer.clear();
  CURL* const handle = exchange->handle;
  curl_easy_setopt(handle, CURLOPT_URL, url_.c_str());
  curl_easy_setopt(handle, CURLOPT_PROXY, "");  // none, whatever the environment says
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, curl_->headers);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, bodies_[started.text].data());
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(bodies_[started.text].size()));
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, Append);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange->answer);
  curl_easy_setopt(handle, CURLOPT_PRIVATE, exchange);
  curl_multi_add_handle(curl_->handle, handle);
}

void HttpTarget::FinishDone() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(curl_->handle, &left)) {
    CURL* const handle = message->easy_handle;
    const CURLcode code = message->data.result;
    Exchange* exchange = nullptr;
    long http_status = 0;
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, &exchange);
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &http_status);
    curl_multi_remove_handle(curl_->handle, handle);
    absl::Status status;
    if (code != CURLE_OK) {
      status = absl::UnavailableError(curl_easy_strerror(code));
    } else if (http_status != 200 || exchange->answer.empty()) {
      status = absl::InternalError("HTTP status " + std::to_string(http_status) + ", " +
                                   std::to_string(exchange->answer.size()) + " bytes");
    }
    idle_.push_back(exchange);
    listener_->OnFinished(exchange->call, status);
  }
}

}  // namespace newsgenre
