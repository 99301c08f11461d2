// Structured logging: one JSON object per line on standard error.
#pragma once

#include <ostream>
#include <string_view>

#include "nlohmann/json.hpp"

namespace newsgenre {

enum class Severity { kInfo, kWarning, kError };

// Writes {"time":"2026-01-31T12:00:00.000Z","severity":"INFO","message":…} with `fields` appended. Each line
// is a single write, so lines of different threads do not mix. Thread-safe. Never log a text that a user sent
// for classification.
void Log(Severity severity, std::string_view message, const nlohmann::ordered_json& fields = {});

// Redirects Log to `stream`, or to standard error if it is nullptr. For tests only; `stream` must outlive its
// use.
void SetLogStream(std::ostream* stream);

}  // namespace newsgenre
