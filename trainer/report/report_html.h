// The report as one HTML page. It has no scripts and loads nothing, and fits light and dark themes and wide
// and narrow screens.
#pragma once

#include <string>

#include "trainer/report/report.h"

namespace newsgenre {

// Returns HTML. It is valid UTF-8 even if the report's texts are not. Pure; safe to call from any thread.
std::string ReportHtml(const Report& report);

}  // namespace newsgenre
