// Text of unknown origin, for people.
#pragma once

#include <string>
#include <string_view>

namespace newsgenre {

// A name that a file holds as it may stand in a message or on a terminal: printable ASCII, where other bytes
// are \xNN (and so on, as in C), cut after 120 bytes. A tensor's name that a model has comes back as it is.
// Pure; any thread.
std::string Printable(std::string_view name);

}  // namespace newsgenre
