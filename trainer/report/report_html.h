// The report as one page: no scripts, nothing from elsewhere, light and dark, for wide and narrow screens.
#pragma once

#include <string>

#include "trainer/report/report.h"

namespace newsgenre {

// HTML, valid UTF-8 whatever bytes the report's texts have. Pure; any thread.
std::string ReportHtml(const Report& report);

}  // namespace newsgenre
