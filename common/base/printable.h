// Escaping of untrusted names.
#pragma once

#include <string>
#include <string_view>

namespace newsgenre {

// Returns a name read from a file in a form that is safe for a message or a terminal: printable ASCII, with C
// escapes such as \xNN for other bytes, truncated to the name's first 120 bytes. Thread-safe.
std::string Printable(std::string_view name);

}  // namespace newsgenre
