// Threads that share the items of a batch.
//
// Each thread takes the next item until none is left, so long items do not hold up a fixed share. An item's
// result goes into its own slot: nothing is shared, and the number of threads changes no number. The calling
// thread works too. The first exception stops the queue and is thrown again in the calling thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace fasttex {

template <class Work>
void parallel_for(std::size_t n_items, std::size_t threads, const Work& work) {
    std::atomic<std::size_t> next{0};
    std::exception_ptr failure;
    std::mutex failure_guard;
    const auto worker = [&] {
        for (std::size_t item; (item = next.fetch_add(1)) < n_items;) {
            try {
                work(item);
            } catch (...) {
                const std::lock_guard<std::mutex> lock(failure_guard);
                if (!failure) failure = std::current_exception();
                next.store(n_items);
            }
        }
    };
    std::vector<std::thread> helpers;
    try {
        for (std::size_t n = 1; n < std::min(threads, n_items); ++n) helpers.emplace_back(worker);
    } catch (const std::system_error&) {
        // The system grants no more threads: those that run do all the work.
    }
    worker();
    for (std::thread& helper : helpers) helper.join();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace fasttex
