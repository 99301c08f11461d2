// Logs for machines: one JSON object a line on standard error.
#pragma once

#include <ostream>
#include <string_view>

#include "nlohmann/json.hpp"

namespace newsgenre {

enum class Severity { kInfo, kWarning, kError };

// Writes {"time":"2026-01-31T12:00:00.000Z","severity":"INFO","message":…, and the fields} in one write, so
// that lines of several threads do not mix. Any thread. Never pass a text that someone asked to classify.
void Log(Severity severity, std::string_view message, const nlohmann::ordered_json& fields = {});

// Where Log writes from now on; nullptr means standard error. For tests: not while other threads log.
void SetLogStream(std::ostream* stream);

}  // namespace newsgenre
