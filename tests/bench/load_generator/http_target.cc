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
    // The number of idle connections that libcurl keeps.
    curl_multi_setopt(handle, CURLMOPT_MAXCONNECTS, 4096L);
  }
  ~CurlMulti() {
    curl_slist_free_all(headers);
    curl_multi_cleanup(handle);
  }

  CURLM* const handle;
  curl_slist* const headers;
};

// A libcurl handle for one call at a time.
struct HttpTarget::Exchange {
  Exchange() : handle(curl_easy_init()) {}
  ~Exchange() { curl_easy_cleanup(handle); }

  CURL* const handle;
  size_t call = 0;
  std::string response;
};

HttpTarget::HttpTarget(const std::string& address, const std::vector<std::string>& texts, Listener* listener)
    : url_("http://" + address + "/predict"), listener_(listener) {
  for (const std::string& text : texts) bodies_.push_back(nlohmann::json({{"text", text}}).dump());
  curl_global_init(CURL_GLOBAL_DEFAULT);
  curl_ = std::make_unique<CurlMulti>();
  thread_ = std::thread([this] { Run(); });
}

HttpTarget::~HttpTarget() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
  }
  curl_multi_wakeup(curl_->handle);
  thread_.join();
  for (const auto& exchange : exchanges_) curl_multi_remove_handle(curl_->handle, exchange->handle);
}

void HttpTarget::Send(size_t call, size_t text) {
  {
    MutexLock lock(&mutex_);
    queued_.push_back({call, text});
  }
  curl_multi_wakeup(curl_->handle);
}

bool HttpTarget::TakeQueuedCalls(std::vector<QueuedCall>* calls) {
  MutexLock lock(&mutex_);
  calls->clear();
  std::swap(*calls, queued_);
  return !stopping_;
}

void HttpTarget::Run() {
  constexpr int kMaxWaitMs = 1000;  // Send and the destructor end the wait earlier
  std::vector<QueuedCall> calls;
  while (TakeQueuedCalls(&calls)) {
    for (const QueuedCall& call : calls) Begin(call);
    int running = 0;
    curl_multi_perform(curl_->handle, &running);
    ReportCompleted();
    curl_multi_poll(curl_->handle, nullptr, 0, kMaxWaitMs, nullptr);
  }
}

void HttpTarget::Begin(const QueuedCall& queued) {
  if (idle_.empty()) {
    exchanges_.push_back(std::make_unique<Exchange>());
    idle_.push_back(exchanges_.back().get());
  }
  Exchange* const exchange = idle_.back();
  idle_.pop_back();
  exchange->call = queued.call;
  exchange->response.clear();
  CURL* const handle = exchange->handle;
  curl_easy_setopt(handle, CURLOPT_URL, url_.c_str());
  curl_easy_setopt(handle, CURLOPT_PROXY, "");  // ignores the environment
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, curl_->headers);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, bodies_[queued.text].data());
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(bodies_[queued.text].size()));
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, Append);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange->response);
  curl_easy_setopt(handle, CURLOPT_PRIVATE, exchange);
  curl_multi_add_handle(curl_->handle, handle);
}

void HttpTarget::ReportCompleted() {
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
    } else if (http_status != 200 || exchange->response.empty()) {
      status = absl::InternalError("HTTP status " + std::to_string(http_status) + ", " +
                                   std::to_string(exchange->response.size()) + " bytes");
    }
    idle_.push_back(exchange);
    listener_->OnFinished(exchange->call, status);
  }
}

}  // namespace newsgenre
