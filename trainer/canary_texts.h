// The texts of a release's self-check.
#pragma once

#include <string>
#include <vector>

namespace newsgenre {

// A genre each and two that are none's; written for this purpose.
const std::vector<std::string>& CanaryTexts();

}  // namespace newsgenre
