// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "server/trainer/nn/mlperf_tiny.h"

#include <algorithm>
#include <cmath>

namespace tinyjoule {
namespace {

using Kernel = LayerChain::Kernel;

void NormalizeAndRectify(LayerChain& chain) {
  chain.BatchNorm();
  chain.Relu();
}

void ConvBlock(int64_t channels, const Kernel& kernel, LayerChain& chain) {
  chain.Conv(channels, kernel);
  NormalizeAndRectify(chain);
}

void SeparableBlock(int64_t channels, int64_t stride, LayerChain& chain) {
  chain.DepthwiseConv({3, 3, stride});
  NormalizeAndRectify(chain);
  ConvBlock(channels, {1, 1, 1}, chain);
}

// Two convolutions beside what they read, which passes a 1 x 1 convolution where its shape changes.
void ResidualBlock(int64_t channels, int64_t stride, LayerChain& chain) {
  const int64_t source = chain.current();
  ConvBlock(channels, {3, 3, stride}, chain);
  chain.Conv(channels, {3, 3, 1});
  chain.BatchNorm();
  if (stride == 1) {
    chain.Add(source);
  } else {
    const int64_t branch = chain.current();
    chain.Resume(source);
    chain.Conv(channels, {1, 1, stride});
    chain.Add(branch);
  }
  chain.Relu();
}

void AddClassifier(int64_t outputs, LayerChain& chain) {
  chain.GlobalAverage();
  chain.Flatten();
  chain.Linear(outputs, /*is_output=*/true);
}

}  // namespace

void AddResNet8(int64_t outputs, LayerChain& chain) {
  ConvBlock(16, {3, 3, 1}, chain);
  ResidualBlock(16, 1, chain);
  ResidualBlock(32, 2, chain);
  ResidualBlock(64, 2, chain);
  AddClassifier(outputs, chain);
}

void AddDsCnn(int64_t outputs, LayerChain& chain) {
  ConvBlock(64, {10, 4, 2}, chain);
  for (int block = 0; block < 4; ++block) SeparableBlock(64, 1, chain);
  AddClassifier(outputs, chain);
}

void AddMobileNetV1(double width, int64_t outputs, LayerChain& chain) {
  struct Block {
    int64_t channels;
    int64_t stride;
  };
  constexpr Block kBlocks[] = {{64, 1},  {128, 2},  {128, 1}, {256, 2}, {256, 1},
                               {512, 2}, {512, 1},  {512, 1}, {512, 1}, {512, 1},
                               {512, 1}, {1024, 2}, {1024, 1}};
  const auto scaled = [width](int64_t channels) {
    return std::max<int64_t>(std::llround(width * static_cast<double>(channels)), 1);
  };
  ConvBlock(scaled(32), {3, 3, 2}, chain);
  for (const Block& block : kBlocks) SeparableBlock(scaled(block.channels), block.stride, chain);
  AddClassifier(outputs, chain);
}

void AddAutoencoder(LayerChain& chain) {
  const int64_t values = chain.at().size();
  for (const int64_t units : {128, 128, 128, 128, 8, 128, 128, 128, 128}) {
    chain.Linear(units, /*is_output=*/false);
    NormalizeAndRectify(chain);
  }
  chain.Linear(values, /*is_output=*/true);
}

}  // namespace tinyjoule
