#include "common/base/json_log.h"

#include <chrono>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <string>

#include "common/base/mutex.h"

namespace newsgenre {
namespace {

Mutex stream_mutex;
std::ostream* log_stream ABSL_GUARDED_BY(stream_mutex) = nullptr;

const char* Name(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "INFO";
    case Severity::kWarning:
      return "WARNING";
    case Severity::kError:
      return "ERROR";
  }
  return "INFO";
}

// Returns the current UTC time with milliseconds, in RFC 3339 format.
std::string Now() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto since_epoch = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  std::tm utc;
  gmtime_r(&seconds, &utc);
  char buffer[40];
  const size_t length = std::strftime(buffer, sizeof(buffer), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(buffer + length, sizeof(buffer) - length, ".%03dZ",
                static_cast<int>(since_epoch.count() % 1000));
  return buffer;
}

}  // namespace

void Log(Severity severity, std::string_view message, const nlohmann::ordered_json& fields) {
  nlohmann::ordered_json line = {{"time", Now()}, {"severity", Name(severity)}, {"message", message}};
  if (fields.is_object()) line.update(fields);
  // Replaces bytes that are not UTF-8, such as those of a file name; dump() would throw by default.
  const std::string text = line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  MutexLock lock(&stream_mutex);
  std::ostream& out = log_stream != nullptr ? *log_stream : std::cerr;
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.flush();
}

void SetLogStream(std::ostream* stream) {
  MutexLock lock(&stream_mutex);
  log_stream = stream;
}

}  // namespace newsgenre
