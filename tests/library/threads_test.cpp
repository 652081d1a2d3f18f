// Libraries of one process share their workers, or use threads of the caller's.

#include <digits.h>
#include <gtest/gtest.h>
#include <threads_layer.h>
#include <wrn40_2_G8.h>
#include <wrn_of_three_images.h>

#include <algorithm>
#include <atomic>
#include <convoy/model.hpp>
#include <filesystem>
#include <numeric>
#include <random>
#include <thread>

#include "floats.h"

namespace {

using convoy::Floats, convoy::random_floats;

int threads_of_this_process() {
    int count = 0;
    for ([[maybe_unused]] const auto &entry :
         std::filesystem::directory_iterator("/proc/self/task"))
        count++;
    return count;
}

template<typename Net>
struct Network {
    Floats input = random_floats(Net::input_floats[0]);
    convoy::Model<Net> net;

    Floats run(int threads) {
        net.set_threads(threads);
        Floats output(Net::output_floats[0]);
        net.run(input, output);
        return output;
    }
};

struct SharedLayer {
    Floats input = random_floats(threads_layer::input_floats[0]);
    convoy::Layer<threads_layer> layer{random_floats(threads_layer::weight_floats),
                                       random_floats(threads_layer::bias_floats)};

    Floats run(int threads) {
        layer.set_threads(threads);
        Floats output(threads_layer::output_floats[0]);
        layer.run(input, output);
        return output;
    }
};

// Tests follow each other in one process, which keeps its workers: the numbers below grow.

TEST(Workers, SmallNetworksNeedNone) {
    Network<digits> small;
    const Floats expected = small.run(1);
    EXPECT_EQ(small.run(8), expected);
    EXPECT_EQ(threads_of_this_process(), 1);
}

// Two static libraries, of which this process has one copy each, and a shared one.
TEST(Workers, AreSharedByLibraries) {
    Network<wrn40_2_G8> network;
    SharedLayer layer;
    const Floats of_network = network.run(1), of_layer = layer.run(1);
    EXPECT_EQ(threads_of_this_process(), 1);
    EXPECT_EQ(network.run(4), of_network);
    EXPECT_EQ(threads_of_this_process(), 1 + 3);
    EXPECT_EQ(layer.run(4), of_layer);
    EXPECT_EQ(threads_of_this_process(), 1 + 3);
    for (int threads = 1; threads <= 8; threads++) {
        EXPECT_EQ(network.run(threads), of_network) << threads;
        EXPECT_EQ(layer.run(threads), of_layer) << threads;
    }
    EXPECT_LE(threads_of_this_process(), 1 + 7);
}

TEST(Workers, TakeWholeImages) {
    Network<wrn_of_three_images> network;
    const Floats expected = network.run(1);
    for (int threads = 1; threads <= 8; threads++) {
        for (int round = 0; round < 5; round++)
            EXPECT_EQ(network.run(threads), expected) << threads;
    }
}

TEST(Workers, ServeTwoCallersAtOnce) {
    Network<wrn40_2_G8> network;
    SharedLayer layer;
    const Floats of_network = network.run(1), of_layer = layer.run(1);
    const int before = threads_of_this_process();
    int wrong[2] = {}, most_threads = 0;
    std::atomic<int> running = 2;
    const auto repeat = [&](auto &net, const Floats &expected, int &count) {
        for (int round = 0; round < 20; round++) count += net.run(2) != expected;
        running--;
    };
    std::thread one([&] { repeat(network, of_network, wrong[0]); });
    std::thread other([&] { repeat(layer, of_layer, wrong[1]); });
    while (running > 0) {
        most_threads = std::max(most_threads, threads_of_this_process());
        std::this_thread::yield();
    }
    one.join();
    other.join();
    EXPECT_EQ(wrong[0] + wrong[1], 0);
    EXPECT_LE(most_threads, before + 2);
}

// Pools of the caller's: pool(count, task).
struct InTurn {
    int most = 0;  // tasks that it was asked for at once
    template<typename Task>
    void operator()(int count, Task task) {
        most = std::max(most, count);
        for (int i = 0; i < count; i++) task(i);
    }
};

struct Shuffled {
    std::mt19937 random{1};
    template<typename Task>
    void operator()(int count, Task task) {
        std::vector<int> order(count);
        std::iota(order.begin(), order.end(), 0);
        std::shuffle(order.begin(), order.end(), random);
        for (int i : order) task(i);
    }
};

struct AllAtOnce {
    template<typename Task>
    void operator()(int count, Task task) {
        std::vector<std::thread> threads;
        for (int i = count - 1; i >= 0; i--) threads.emplace_back([=] { task(i); });
        for (std::thread &thread : threads) thread.join();
    }
};

template<typename Pool, typename Net>
void expect_the_same_on(Net &net, auto &model) {
    const Floats expected = net.run(1);
    Pool pool;
    model.set_pool(pool);
    for (int threads = 1; threads <= 8; threads++) EXPECT_EQ(net.run(threads), expected) << threads;
    model.set_pool(nullptr, nullptr);
    EXPECT_EQ(net.run(2), expected);
}

TEST(PoolOfTheCaller, MayRunTasksInAnyOrderAndAtOnce) {
    Network<wrn40_2_G8> network;
    expect_the_same_on<InTurn>(network, network.net);
    expect_the_same_on<Shuffled>(network, network.net);
    expect_the_same_on<AllAtOnce>(network, network.net);
    SharedLayer layer;
    expect_the_same_on<InTurn>(layer, layer.layer);
    expect_the_same_on<Shuffled>(layer, layer.layer);
    expect_the_same_on<AllAtOnce>(layer, layer.layer);
}

// Compiled for three threads, which take an image each; other numbers share each layer.
TEST(PoolOfTheCaller, MayTakeWholeImages) {
    Network<wrn_of_three_images> network;
    expect_the_same_on<InTurn>(network, network.net);
    expect_the_same_on<Shuffled>(network, network.net);
    expect_the_same_on<AllAtOnce>(network, network.net);
}

TEST(PoolOfTheCaller, IsAskedForNoMoreThanTheThreads) {
    Network<wrn40_2_G8> network;
    InTurn pool;
    network.net.set_pool(pool);
    network.run(1);
    EXPECT_EQ(pool.most, 0);
    network.run(3);
    EXPECT_EQ(pool.most, 3);
}

TEST(PoolOfTheCaller, StartsNoWorkers) {
    const int before = threads_of_this_process();
    Network<wrn40_2_G8> network;
    InTurn pool;
    network.net.set_pool(pool);
    network.run(64);
    EXPECT_EQ(threads_of_this_process(), before);
}

TEST(PoolOfTheCaller, ThatDoesNothingLeavesItAllToTheCaller) {
    Network<wrn40_2_G8> network;
    const Floats expected = network.run(1);
    network.net.set_pool([](void *, void (*)(void *, int), void *, int) {}, nullptr);
    EXPECT_EQ(network.run(4), expected);
}

TEST(PoolOfTheCaller, MovesWithTheModel) {
    Network<wrn40_2_G8> network;
    InTurn pool;
    network.net.set_threads(3);
    network.net.set_pool(pool);
    convoy::Model<wrn40_2_G8> moved = std::move(network.net);
    Floats output(wrn40_2_G8::output_floats[0]);
    moved.run(network.input, output);
    EXPECT_EQ(pool.most, 3);
}

}  // namespace
