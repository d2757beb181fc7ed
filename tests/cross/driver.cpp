// Runs every kernel on made volumes and prints a checksum of each result: all builds must print the same.
//
// Nothing of it needs Python, so it can be compiled for other processors and run in an emulator. The volumes
// come from whole numbers alone, so that no mathematical library has a part in them.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "border_distance.hpp"
#include "discretize.hpp"
#include "glcm.hpp"
#include "glrlm.hpp"
#include "host.hpp"
#include "lanes.hpp"
#include "log2.hpp"
#include "neighborhood.hpp"
#include "resample.hpp"
#include "slabs.hpp"
#include "surface.hpp"
#include "zones.hpp"

using namespace fasttex;

namespace {

constexpr std::size_t kThreads = 2;
constexpr Index kPad = 1;

// xorshift64*
struct Random {
    std::uint64_t state;

    std::uint64_t operator()(std::uint64_t below) {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        return (state * 0x2545F4914F6CDD1Du >> 33) % below;
    }
};

// FNV-1a over the bytes, so over the bits of floats, too.
template <class T>
void print(const std::string& what, const std::vector<T>& values) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    const auto* bytes = reinterpret_cast<const unsigned char*>(values.data());
    for (std::size_t k = 0; k < values.size() * sizeof(T); ++k) hash = (hash ^ bytes[k]) * 0x100000001b3u;
    std::printf("%s %zu %016llx\n", what.c_str(), values.size(), static_cast<unsigned long long>(hash));
}

Offsets directions() {
    Offsets found;
    for (Index z = 0; z <= 1; ++z)
        for (Index y = -1; y <= 1; ++y)
            for (Index x = -1; x <= 1; ++x)
                if (points_ahead({z, y, x})) found.push_back({z, y, x});
    return found;
}

Offsets neighbors() {
    Offsets found = directions();
    for (std::size_t a = 0; a < 13; ++a) found.push_back(-found[a]);
    return found;
}

// Levels in a padded buffer, and the mask of them.
template <class Level>
struct Volume {
    Shape shape;
    std::vector<Level> buffer;
    std::vector<unsigned char> mask;
    RoiView<Level> view;

    // Stretches of `alike` voxels share their level; one voxel in `holes` lies outside.
    Volume(Shape s, Index n_levels, std::uint64_t alike, std::uint64_t holes, Random random) : shape(s) {
        const Index row = s.x + 2 * kPad, plane = row * (s.y + 2 * kPad);
        buffer.resize(static_cast<std::size_t>(plane * (s.z + 2 * kPad)));
        mask.resize(static_cast<std::size_t>(s.voxels()));
        Level* origin = buffer.data() + kPad * (plane + row + 1);
        std::uint64_t level = 1;
        for (Index k = 0; k < s.voxels(); ++k) {
            const Index z = k / (s.y * s.x), y = k / s.x % s.y, x = k % s.x;
            if (random(alike) == 0) level = 1 + random(static_cast<std::uint64_t>(n_levels));
            const Index far = std::abs(2 * z - s.z) * s.y * s.x + std::abs(2 * y - s.y) * s.z * s.x +
                              std::abs(2 * x - s.x) * s.z * s.y;
            if (far > 2 * s.voxels() || random(holes) == 0) continue;
            origin[z * plane + y * row + x] = static_cast<Level>(level);
            mask[static_cast<std::size_t>(k)] = 1;
        }
        view = {origin, s, plane, row, n_levels, buffer.data(), buffer.data() + buffer.size()};
    }
};

// Counts in slabs of a plane or two, so that their seams are many.
template <class Level, class Count>
std::vector<std::int64_t> counted(const Volume<Level>& volume, Index cells, const Count& count) {
    std::vector<std::int64_t> sums(static_cast<std::size_t>(cells));
    const Extent extent{volume.shape.z, volume.shape.y * volume.shape.x, cells};
    count_in_slabs({extent}, {sums.data()}, kThreads, [&](const Slab& slab, std::int64_t* part) {
        count(volume.view.slab(slab.first, slab.last), part);
    });
    return sums;
}

template <class Level>
std::vector<Distance> distances(const Volume<Level>& volume) {
    std::vector<Distance> found(volume.mask.size());
    const MaskView mask{volume.mask.data(), volume.shape};
    border_distance_in_planes(mask, 0, volume.shape.z, found.data());
    border_distance_across_planes(volume.shape, 0, volume.shape.y, found.data());
    return found;
}

template <class Level>
std::vector<std::int64_t> zones(const Volume<Level>& volume, const std::vector<Distance>& far) {
    const auto predecessors = predecessors_of(directions());
    std::vector<std::unique_ptr<ZonesOfSlab<Level>>> parts;
    std::vector<ZonesOfSlab<Level>*> in_order;
    const Index plane = volume.shape.y * volume.shape.x;
    const std::vector<Slab> slabs = slabs_of({{volume.shape.z, plane, 0}}, kThreads);
    for (const Slab& s : slabs) {
        parts.push_back(std::make_unique<ZonesOfSlab<Level>>(
            volume.view.slab(s.first, s.last), volume.view.shape, *predecessors, far.data() + s.first * plane,
            s.part > 0, s.part + 1 < s.parts));
        in_order.push_back(parts.back().get());
    }
    return unite_zones(in_order);
}

// Levels stand for 1, 1 + apart, 1 + 2 apart, ...
template <class Level>
void textures(const std::string& name, const Volume<Level>& volume, std::int64_t apart = 1) {
    const Index n = volume.view.n_levels;
    const Index longest = std::max({volume.shape.z, volume.shape.y, volume.shape.x});
    print(name + " glcm", counted(volume, 13 * n * n, [](const auto& slab, std::int64_t* sums) {
              glcm(slab, directions(), sums);
          }));
    std::vector<std::int64_t> runs =
        counted(volume, 13 * n * longest,
                [&](const auto& slab, std::int64_t* sums) { glrlm(slab, directions(), longest, sums); });
    finish_glrlm(13 * n, longest, runs.data());
    print(name + " glrlm", runs);
    std::vector<std::int64_t> values(static_cast<std::size_t>(n));
    for (std::size_t k = 0; k < values.size(); ++k) values[k] = 1 + apart * static_cast<std::int64_t>(k);
    for (const std::int64_t alpha : {0, 2}) {
        print(name + " neighborhood", counted(volume, 3 * n * 27, [&](const auto& slab, std::int64_t* sums) {
                  neighborhood(slab, neighbors(), {values.data(), alpha}, {sums, n, 27});
              }));
    }
    const std::vector<Distance> far = distances(volume);
    print(name + " border_distance", far);
    print(name + " zones", zones(volume, far));
    std::vector<std::int64_t> cases(kPatterns);
    surface({volume.mask.data(), volume.shape}, 0, volume.shape.z + 1, cases.data());
    print(name + " surface", cases);
}

Strided strided(const std::vector<float>& x, const Shape& s) {
    const Index size = sizeof(float);
    const auto* data = reinterpret_cast<const unsigned char*>(x.data());
    return {data, s, {s.y * s.x * size, s.x * size, size}, load_row<float>, false};
}

void intensities(const Volume<std::uint8_t>& volume, Random random) {
    const Shape& s = volume.shape;
    std::vector<float> x(static_cast<std::size_t>(s.voxels()));
    for (float& value : x) value = static_cast<float>(random(1000003)) / 977.0f - 400.0f;
    const Strided inside{volume.mask.data(), s, {s.y * s.x, s.x, 1}, load_row<std::uint8_t>, true};
    const std::vector<double> edges{-400.0, -17.25, 0.0, 3.3, 250.0, 600.1};
    for (const BinRule rule : {BinRule::fixed_size, BinRule::fixed_number, BinRule::edges}) {
        const double width = rule == BinRule::fixed_size ? 0.7 : 1024.0;
        const BinningView item{strided(x, s), inside, rule, 900, kPad, -400.3, width, edges.data(), 6};
        std::vector<std::uint16_t> levels(volume.buffer.size());
        discretize(item, 0, s.z, levels.data());
        print("discretize", levels);
    }
    std::vector<std::int64_t> lower[3], upper[3];
    std::vector<double> weight[3];
    const Index sides[3] = {s.z, s.y, s.x};
    for (int axis = 0; axis < 3; ++axis) {
        for (Index k = 0; 10 * k < 13 * (sides[axis] - 1); ++k) {
            const double at = static_cast<double>(k) / 1.3;
            lower[axis].push_back(static_cast<std::int64_t>(at));
            upper[axis].push_back(lower[axis].back() + 1);
            weight[axis].push_back(at - static_cast<double>(lower[axis].back()));
        }
    }
    const auto view = [&](int n) {
        return AxisView{lower[n].data(), upper[n].data(), weight[n].data(),
                        static_cast<Index>(lower[n].size())};
    };
    std::vector<double> made(lower[0].size() * lower[1].size() * lower[2].size());
    resample({strided(x, s), view(0), view(1), view(2)}, 0, view(0).n, made.data());
    print("resample", made);
}

void logarithms(Random random) {
    std::vector<double> terms;
    for (int k = 0; k < 5000; ++k) terms.push_back(entropy_term(static_cast<double>(random(99991)) / 99991));
    print("log2", terms);
    print("sum", std::vector<double>{lane_sum(terms.size(), [&](std::size_t n) { return terms[n]; })});
    for (double& term : terms) term = one_minus_exp(-9 * term);
    print("exp", terms);
}

}  // namespace

int main() {
    split_finely = true;
    std::fprintf(stderr, "%s, %s, registers of %zu bytes\n", compiler_name().c_str(), build_target().c_str(),
                 kRegisterBytes);
    const Volume<std::uint8_t> smooth({14, 37, 70}, 32, 4, 50, {1});
    textures("smooth", smooth);
    textures("noise", Volume<std::uint8_t>({19, 20, 33}, 255, 1, 3, {2}));
    textures("constant", Volume<std::uint8_t>({6, 9, 300}, 1, 1, 400, {3}));
    textures("small", Volume<std::uint8_t>({3, 4, 5}, 6, 2, 20, {4}));
    textures("many levels", Volume<std::uint16_t>({12, 21, 45}, 300, 5, 30, {5}));
    textures("compacted levels", Volume<std::uint16_t>({5, 11, 17}, 800, 3, 30, {6}), 2);
    intensities(smooth, {7});
    logarithms({8});
}
