// The charts of the HTML report, each a <figure> with a caption and a legend. Each function returns "" if the
// report has no data for it. Pure functions; safe to call from any thread.
#pragma once

#include <string>

#include "trainer/report/report.h"

namespace newsgenre {

std::string EpochCharts(const Report& report);        // accuracy and loss
std::string StepCharts(const Report& report);         // training loss and learning rate
std::string ReliabilityCharts(const Report& report);  // one for each of MetricsOf(report), in reverse order
std::string LengthChart(const Report& report);

}  // namespace newsgenre
