// SPDX-License-Identifier: BSD-3-Clause
// C++: exceptions through frames and threads, streams, containers, futures, static destructors.
// link: dynamic

#include <algorithm>
#include <chrono>
#include <fstream>
#include <future>
#include <iostream>
#include <map>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

struct Trace {
  const char *name;
  ~Trace() { std::cout << "end of " << name << '\n'; }
};

static Trace global{"global"};

static int thrower(int depth) {
  Trace local{depth == 3 ? "the deepest" : "a frame"};
  if (depth == 3) throw std::runtime_error("thrown");
  return thrower(depth + 1) + 1;
}

int main() {
  try {
    thrower(0);
  } catch (const std::exception &error) {
    std::cout << "caught " << error.what() << '\n';
  }
  int caught = 0;
  for (int round = 0; round < 10000; round++) {
    try {
      throw round;
    } catch (int value) {
      caught += value == round;
    }
  }
  std::cout << caught << " of 10000\n";
  auto future = std::async(std::launch::async, []() -> int { throw std::out_of_range("far"); });
  try {
    future.get();
  } catch (const std::out_of_range &error) {
    std::cout << "from a thread: " << error.what() << '\n';
  }
  std::vector<std::thread> threads;
  std::vector<long> sums(8);
  for (int index = 0; index < 8; index++)
    threads.emplace_back([&sums, index] {
      for (int number = 0; number < 10000; number++) sums[index] += number * index;
    });
  for (auto &thread : threads) thread.join();
  long total = 0;
  for (long sum : sums) total += sum;
  std::cout << "sum " << total << '\n';
  std::map<std::string, int> words;
  std::istringstream text("the cat and the dog and the bird");
  for (std::string word; text >> word;) words[word]++;
  for (auto &[word, count] : words) std::cout << word << ' ' << count << '\n';
  std::ofstream("/tmp/martlet-cxx") << 1.5 << ' ' << "file\n";
  double value;
  std::string name;
  std::ifstream("/tmp/martlet-cxx") >> value >> name;
  std::remove("/tmp/martlet-cxx");
  std::cout << value << ' ' << name << '\n';
  std::cout << std::regex_replace(std::string("a1b22"), std::regex("[0-9]+"), "#") << '\n';
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  try {
    std::vector<char> huge;
    huge.resize(huge.max_size());
  } catch (const std::bad_alloc &) {
    std::cout << "no memory\n";
  }
  return 0;
}
