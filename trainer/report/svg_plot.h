// A plot as SVG, for a page whose CSS gives the colours.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace newsgenre {

enum class Unit { kNumber, kCount, kPercent };  // a count has whole ticks; a percentage's 1 reads "100 %"

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

// With these bounds (finite, low <= high). Equal ones are moved apart. Pure, as is all of this.
Axis ExactAxis(std::string name, double low, double high, Unit unit);
// The same with its bounds moved outwards to the next ticks.
Axis RoundAxis(std::string name, double low, double high, Unit unit);

struct PlotPoint {
  double x = 0;
  double y = 0;
};

struct PlotBox {
  PlotPoint from;
  PlotPoint to;
};

// One plot, 400 units wide, that grows and shrinks with its place. `style` is a CSS class of the page; `tip`
// shows under the mouse. Texts may have any bytes. What isn't finite is left out. One thread.
class SvgPlot {
 public:
  // `title` is for those who can't see it; `head` is room above the plot, for AddHeadText.
  SvgPlot(std::string_view title, Axis x, Axis y, double head = 0);

  void AddLine(const std::vector<PlotPoint>& points, std::string_view style);
  void AddDot(const PlotPoint& point, std::string_view style, std::string_view tip);
  void AddBox(const PlotBox& box, std::string_view style, std::string_view tip);
  // Reads upwards, above the plot at `x`.
  void AddHeadText(double x, std::string_view text);

  std::string Svg() const;

 private:
  double X(double value) const;
  double Y(double value) const;
  std::string Frame() const;

  std::string title_;
  Axis x_;
  Axis y_;
  double top_;       // of the plot within the picture
  double height_;    // of the picture
  std::string svg_;  // what was added
};

}  // namespace newsgenre
