#include "server/models/model_store.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "tests/support/fake_model.h"

namespace newsgenre {
namespace {

TEST(ModelStoreTest, CurrentIsNullAtFirst) {
  ModelStore store;
  EXPECT_EQ(store.Current(), nullptr);
}

TEST(ModelStoreTest, ReplaceDoesNotAffectEarlierReaders) {
  ModelStore store;
  store.Replace(std::make_shared<const FakeModel>("one"));
  const auto kept = store.Current();
  store.Replace(std::make_shared<const FakeModel>("two"));
  EXPECT_EQ(kept->info().version, "one");
  EXPECT_EQ(store.Current()->info().version, "two");
}

TEST(ModelStoreTest, ModelIsDestroyedWithItsLastUser) {
  ModelStore store;
  store.Replace(std::make_shared<const FakeModel>("one"));
  auto kept = store.Current();
  const std::weak_ptr<const Model> one = kept;
  store.Replace(nullptr);
  EXPECT_FALSE(one.expired());
  kept.reset();
  EXPECT_TRUE(one.expired());
  EXPECT_EQ(store.Current(), nullptr);
}

TEST(ModelStoreTest, ReadersNeverSeeAnOlderModelAgain) {
  constexpr int kLast = 2000;
  ModelStore store;
  store.Replace(std::make_shared<const FakeModel>("0"));
  std::atomic<int> steps_back{0};
  std::vector<std::thread> readers;
  readers.reserve(4);
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      for (int seen = 0; seen < kLast;) {
        const int number = std::stoi(store.Current()->info().version);
        if (number < seen) ++steps_back;
        seen = number;
      }
    });
  }
  for (int number = 1; number <= kLast; ++number) {
    store.Replace(std::make_shared<const FakeModel>(std::to_string(number)));
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(steps_back, 0);
}

}  // namespace
}  // namespace newsgenre
