// The report as a summary to read.
#pragma once

#include <string>

#include "trainer/report/report.h"

namespace newsgenre {

// Markdown with GitHub's tables, valid UTF-8 whatever bytes the report's texts have. Pure; any thread.
std::string ReportMarkdown(const Report& report);

}  // namespace newsgenre
