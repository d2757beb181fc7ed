// Reports wait here, one a line, until Python takes them.
#include <set>

#include "runtime.hpp"

namespace emu {
namespace {
std::string text_of_reports;
std::set<std::string> seen;

std::string triple(const EmuIndex& i) {
    return "(" + std::to_string(i.x) + "," + std::to_string(i.y) + "," + std::to_string(i.z) + ")";
}
}  // namespace

// A fault that thousands of threads have is reported once per pair of places.
void report(const char* kind, const std::string& first, const std::string& second, const std::string& text) {
    const std::string& low = first < second ? first : second;
    const std::string& high = first < second ? second : first;
    if (seen.size() >= 50 || !seen.insert(std::string(kind) + "\t" + low + "\t" + high).second) return;
    text_of_reports += std::string(kind) + "\t" + first + "\t" + second + "\t" + text + "\n";
}

std::string place(const char* file, int line) { return std::string(file) + ":" + std::to_string(line); }

std::string where(const Fiber& fiber) {
    return "block " + triple(fiber.self.block) + " thread " + triple(fiber.self.thread);
}

std::string name_of(std::uint32_t id) {
    const std::uint64_t number = id - 1, block = number / threads_per_block, x = request.grid[0],
                        y = request.grid[1];
    const unsigned i = static_cast<unsigned>(number % threads_per_block), bx = request.block[0],
                   by = request.block[1];
    const EmuIndex b{static_cast<unsigned>(block % x), static_cast<unsigned>(block / x % y),
                     static_cast<unsigned>(block / x / y)};
    return "block " + triple(b) + " thread " + triple({i % bx, i / bx % by, i / bx / by});
}
}  // namespace emu

extern "C" const char* emu_reports() { return emu::text_of_reports.c_str(); }
extern "C" void emu_clear_reports() {
    emu::text_of_reports.clear();
    emu::seen.clear();
}
extern "C" void emu_add_argument(void* begin, unsigned long long bytes, void* defined, unsigned item,
                                 const char* label) {
    emu::Region region;
    region.begin = reinterpret_cast<std::uintptr_t>(begin);
    region.bytes = bytes;
    region.defined = static_cast<std::uint8_t*>(defined);
    region.item = item;
    region.label = label;
    region.guarded = true;
    emu::arguments.push_back(region);
}
