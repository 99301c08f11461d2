// SVG plots. The page's CSS (report_style.h) defines the colors.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace newsgenre {

enum class Unit { kNumber, kCount, kPercent };  // kCount has integer ticks; kPercent shows 1 as "100 %"

struct Tick {
  double value = 0;
  std::string text;
};

struct Axis {
  std::string name;
  double low = 0;
  double high = 1;
  std::vector<Tick> ticks;  // multiples of 1, 2 or 5 times a power of ten, within the bounds
};

// Returns an axis with these bounds, which must be finite, with low <= high. Moves equal bounds apart. Pure.
Axis ExactAxis(std::string name, double low, double high, Unit unit);
// Returns the same axis, but with its bounds moved outwards to the next ticks.
Axis RoundAxis(std::string name, double low, double high, Unit unit);

struct PlotPoint {
  double x = 0;
  double y = 0;
};

struct PlotBox {
  PlotPoint from;
  PlotPoint to;
};

// Builds one plot, which is 400 units wide and scales with the page. `style` is a CSS class of the page;
// `tip` is a tooltip. Texts can contain any bytes. Points that are not finite are left out. Not thread-safe.
class SvgPlot {
 public:
  // `title` is for screen readers; `head` is the height of the space above the plot for AddHeadText.
  SvgPlot(std::string_view title, Axis x, Axis y, double head = 0);

  void AddLine(const std::vector<PlotPoint>& points, std::string_view style);
  void AddDot(const PlotPoint& point, std::string_view style, std::string_view tip);
  void AddBox(const PlotBox& box, std::string_view style, std::string_view tip);
  // Adds vertical text above the plot at `x`.
  void AddHeadText(double x, std::string_view text);

  std::string Svg() const;

 private:
  double X(double value) const;
  double Y(double value) const;
  std::string Frame() const;

  std::string title_;
  Axis x_;
  Axis y_;
  double top_;       // of the plot area in the image
  double height_;    // of the image
  std::string svg_;  // the elements added so far
};

}  // namespace newsgenre
