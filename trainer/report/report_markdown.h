// The report as a Markdown summary.
#pragma once

#include <string>

#include "trainer/report/report.h"

namespace newsgenre {

// Returns Markdown with GitHub's tables. It is valid UTF-8 even if the report's texts are not. Pure; safe to
// call from any thread.
std::string ReportMarkdown(const Report& report);

}  // namespace newsgenre
