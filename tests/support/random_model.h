// Small networks with random weights, of several shapes.
#pragma once

#include "common/model/albert.h"

namespace newsgenre {

struct NetworkCase {
  Head head;
  Activation activation;
  int hidden;
  int heads;
  int layers = 3;
};

// Heads of 16 and of 64, which vectors of AVX-512 fill, of 20 and of 12, which no vectors do, and of 8.
inline constexpr NetworkCase kNetworkCases[] = {
    {Head::kCls, Activation::kGelu, 64, 4},    {Head::kPooler, Activation::kGeluNew, 128, 2},
    {Head::kCls, Activation::kGeluNew, 60, 3}, {Head::kPooler, Activation::kGelu, 72, 6},
    {Head::kCls, Activation::kGelu, 32, 4, 1},
};

inline Albert RandomModel(const NetworkCase& of) {
  AlbertConfig config;
  config.vocab_size = 100;
  config.embedding_size = 24;
  config.hidden_size = of.hidden;
  config.num_hidden_layers = of.layers;
  config.num_attention_heads = of.heads;
  config.intermediate_size = 3 * of.hidden;
  config.max_position_embeddings = 200;
  config.initializer_range = 0.08;
  config.hidden_act = of.activation;
  return Albert::Random(config, of.head, 4, 5);
}

// The same weights, with this rate at every dropout.
inline Albert WithDropout(const Albert& model, double rate) {
  AlbertConfig config = model.config();
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = config.classifier_dropout_prob = rate;
  return *Albert::FromTensors(config, model.head(), model.labels(), model.parameters());
}

}  // namespace newsgenre
