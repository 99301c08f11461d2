#include "trainer/report/svg_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "absl/strings/str_format.h"
#include "trainer/report/report_text.h"

namespace newsgenre {
namespace {

// In units of the image, which are about a pixel.
constexpr double kWidth = 400;
constexpr double kPlotHeight = 176;
constexpr double kLeft = 56;
constexpr double kRight = 20;
constexpr double kTop = 24;     // space for the vertical axis's name
constexpr double kBottom = 40;  // space for the horizontal axis's ticks and name
constexpr double kMaxTicks = 6;

double TickStep(double span, Unit unit) {
  const double min_step = span / kMaxTicks;
  const double power = std::pow(10, std::floor(std::log10(min_step)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= min_step * (1 - 1e-9)) step = factor * power;
  }
  return unit == Unit::kCount ? std::max(step, 1.0) : step;
}

std::string TickText(double value, double step, Unit unit) {
  if (unit == Unit::kCount) return Thousands(std::llround(value));
  const bool percent = unit == Unit::kPercent;
  const double shown_step = percent ? 100 * step : step;
  const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(shown_step) - 1e-9)));
  if (percent) return Percent(value, decimals);
  return decimals > 3 ? ShortNumber(value) : absl::StrFormat("%.*f", decimals, value);
}

Axis MakeAxis(std::string name, PlotPoint bounds, Unit unit, bool round) {
  auto [low, high] = bounds;
  if (low == high) {
    const double apart = unit == Unit::kCount || low == 0 ? 0.5 : std::abs(low) / 20;
    low -= apart;
    high += apart;
  }
  const double step = TickStep(high - low, unit);
  if (round) {
    low = step * std::floor(low / step + 1e-9);
    high = step * std::ceil(high / step - 1e-9);
  }
  Axis axis{std::move(name), low, high, {}};
  const auto first = static_cast<int64_t>(std::ceil(low / step - 1e-9));
  const auto last = static_cast<int64_t>(std::floor(high / step + 1e-9));
  for (int64_t i = first; i <= last; ++i) {
    const double value = static_cast<double>(i) * step;
    axis.ticks.push_back({value, TickText(value, step, unit)});
  }
  return axis;
}

std::string Tip(std::string_view text) {
  return text.empty() ? "" : "<title>" + EscapeHtml(text) + "</title>";
}

}  // namespace

Axis ExactAxis(std::string name, double low, double high, Unit unit) {
  return MakeAxis(std::move(name), {low, high}, unit, /*round=*/false);
}

Axis RoundAxis(std::string name, double low, double high, Unit unit) {
  return MakeAxis(std::move(name), {low, high}, unit, /*round=*/true);
}

SvgPlot::SvgPlot(std::string_view title, Axis x, Axis y, double head)
    : title_(title),
      x_(std::move(x)),
      y_(std::move(y)),
      top_(kTop + head),
      height_(kTop + head + kPlotHeight + kBottom) {}

double SvgPlot::X(double value) const {
  return kLeft + (value - x_.low) / (x_.high - x_.low) * (kWidth - kLeft - kRight);
}

double SvgPlot::Y(double value) const { return top_ + (y_.high - value) / (y_.high - y_.low) * kPlotHeight; }

void SvgPlot::AddLine(const std::vector<PlotPoint>& points, std::string_view style) {
  std::string path;
  for (const PlotPoint& point : points) {
    if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
    absl::StrAppendFormat(&path, "%s%.1f %.1f", path.empty() ? "M" : "L", X(point.x), Y(point.y));
  }
  if (path.empty()) return;
  absl::StrAppendFormat(&svg_, "<path class=\"line %s\" d=\"%s\"/>\n", style, path);
}

void SvgPlot::AddDot(const PlotPoint& point, std::string_view style, std::string_view tip) {
  if (!std::isfinite(point.x) || !std::isfinite(point.y)) return;
  absl::StrAppendFormat(&svg_, "<circle class=\"dot %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\">%s</circle>\n",
                        style, X(point.x), Y(point.y), Tip(tip));
}

void SvgPlot::AddBox(const PlotBox& box, std::string_view style, std::string_view tip) {
  const double left = X(std::min(box.from.x, box.to.x));
  const double right = X(std::max(box.from.x, box.to.x));
  const double top = Y(std::max(box.from.y, box.to.y));
  const double bottom = Y(std::min(box.from.y, box.to.y));
  if (!std::isfinite(left + right + top + bottom)) return;
  absl::StrAppendFormat(
      &svg_, "<rect class=\"box %s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">%s</rect>\n", style,
      left + 0.5, top, std::max(0.0, right - left - 1), bottom - top, Tip(tip));
}

void SvgPlot::AddHeadText(double x, std::string_view text) {
  absl::StrAppendFormat(&svg_,
                        "<text class=\"head\" transform=\"translate(%.1f %.1f) rotate(-90)\">%s</text>\n",
                        X(x) + 3.5, top_ - 5, EscapeHtml(text));
}

std::string SvgPlot::Frame() const {
  const double bottom = top_ + kPlotHeight;
  std::string frame;
  for (const Tick& tick : y_.ticks) {
    const double y = Y(tick.value);
    absl::StrAppendFormat(&frame, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>", kLeft, y, kWidth - kRight);
    absl::StrAppendFormat(&frame,
                          "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                          kLeft - 6, y + 4, EscapeHtml(tick.text));
  }
  for (const Tick& tick : x_.ticks) {
    const double x = X(tick.value);
    absl::StrAppendFormat(&frame, "<path class=\"axis\" d=\"M%.1f %.1fv4\"/>", x, bottom);
    absl::StrAppendFormat(&frame,
                          "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n", x,
                          bottom + 17, EscapeHtml(tick.text));
  }
  absl::StrAppendFormat(&frame, "<path class=\"axis\" d=\"M%.1f %.1fH%.1f\"/>\n", kLeft, bottom,
                        kWidth - kRight);
  absl::StrAppendFormat(&frame, "<text class=\"name\" x=\"0\" y=\"12\">%s</text>", EscapeHtml(y_.name));
  absl::StrAppendFormat(&frame,
                        "<text class=\"name\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n",
                        (kLeft + kWidth - kRight) / 2, bottom + 34, EscapeHtml(x_.name));
  return frame;
}

std::string SvgPlot::Svg() const {
  return absl::StrFormat("<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"%s\">\n", kWidth, height_,
                         EscapeHtml(title_)) +
         Frame() + svg_ + "</svg>\n";
}

}  // namespace newsgenre
