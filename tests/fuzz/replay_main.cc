// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target without libFuzzer: every file of the given folders, then mutations of them.
// The same seed (FUZZ_SEED, default 1) gives the same mutations; FUZZ_RUNS (default 5000) says how
// many. When the target crashes, the input is left in ./crash-input.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kMaxInputBytes = 64 * 1024;
// Characters that mean something to one of the formats, and bytes that are no UTF-8.
constexpr char kTokens[] = "{}[]:,-#&*!|>'\"%@`\n\r\t ;=~?.0191e\\\xC3\xA9\xFF";

std::string current_input;

// Only calls that are safe in a signal handler.
void SaveInput(int signal_number) {
  const int file = open("crash-input", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  const ssize_t written = file < 0 ? 0 : write(file, current_input.data(), current_input.size());
  static_cast<void>(written);
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

void RunOne(const std::string& input) {
  current_input = input;
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

class Mutator {
 public:
  Mutator(std::vector<std::string> seeds, uint64_t seed)
      : seeds_(std::move(seeds)), engine_(seed) {}

  std::string Next() {
    std::string input = seeds_[Below(seeds_.size())];
    const size_t changes = 1 + Below(6);
    for (size_t i = 0; i < changes; ++i) Change(input);
    if (input.size() > kMaxInputBytes) input.resize(kMaxInputBytes);
    return input;
  }

 private:
  size_t Below(size_t limit) { return limit == 0 ? 0 : engine_() % limit; }

  void Change(std::string& input) {
    const size_t at = Below(input.size() + 1);
    const size_t length = Below(std::min<size_t>(input.size() - at, 32) + 1);
    switch (Below(6)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(engine_());
        return;
      case 1:
        input.insert(at, 1, kTokens[Below(sizeof(kTokens))]);
        return;
      case 2:
        input.erase(at, length);
        return;
      case 3:
        input.insert(Below(input.size() + 1), input.substr(at, length));
        return;
      case 4:
        Splice(input, at);
        return;
      default:
        input.resize(at);
    }
  }

  // A piece of another seed.
  void Splice(std::string& input, size_t at) {
    const std::string& other = seeds_[Below(seeds_.size())];
    const size_t from = Below(other.size() + 1);
    input.insert(at, other.substr(from, Below(64)));
  }

  const std::vector<std::string> seeds_;
  std::mt19937_64 engine_;
};

std::vector<std::string> ReadCorpus(int argc, char** argv) {
  std::vector<std::filesystem::path> paths;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      paths.emplace_back(argv[i]);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) paths.push_back(entry);
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> inputs;
  for (const auto& path : paths) {
    std::ifstream stream(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return inputs;
}

uint64_t NumberFromEnvironment(const char* name, uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> corpus = ReadCorpus(argc, argv);
  if (corpus.empty()) {
    std::cerr << "no inputs: give a folder with a corpus\n";
    return 2;
  }
  for (const int signal_number : {SIGABRT, SIGSEGV, SIGFPE, SIGILL, SIGBUS}) {
    signal(signal_number, SaveInput);
  }
  const uint64_t seed = NumberFromEnvironment("FUZZ_SEED", 1);
  const uint64_t runs = NumberFromEnvironment("FUZZ_RUNS", 5000);
  std::cout << corpus.size() << " inputs, " << runs << " mutations, FUZZ_SEED=" << seed
            << std::endl;
  for (const std::string& input : corpus) RunOne(input);
  Mutator mutator(corpus, seed);
  for (uint64_t i = 0; i < runs; ++i) RunOne(mutator.Next());
  return 0;
}
