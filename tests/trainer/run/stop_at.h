// A terminal that stops a training run when it shows a given text.
#pragma once

#include <atomic>
#include <sstream>
#include <string>
#include <utility>

namespace newsgenre {

// A buffer for std::ostream. Sets `stop` at a flush if the text has been written.
class StopAt : public std::stringbuf {
 public:
  StopAt(std::string text, std::atomic<bool>* stop) : text_(std::move(text)), stop_(stop) {}

 protected:
  int sync() override {
    if (str().find(text_) != std::string::npos) *stop_ = true;
    return 0;
  }

 private:
  const std::string text_;
  std::atomic<bool>* const stop_;
};

}  // namespace newsgenre
