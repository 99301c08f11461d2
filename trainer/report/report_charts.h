// The page's charts: each a <figure> with its caption and legend. Empty where the report has nothing to show.
// Pure; any thread.
#pragma once

#include <string>

#include "trainer/report/report.h"

namespace newsgenre {

std::string EpochCharts(const Report& report);        // accuracy, and loss
std::string StepCharts(const Report& report);         // training loss, and learning rate
std::string ReliabilityCharts(const Report& report);  // one for each of MetricsOf(report), the last first
std::string LengthChart(const Report& report);

}  // namespace newsgenre
