// The compiled twin of the rows of local_intensity (IBSI: 9ST6).
//
// As there, a sphere is a stack of disks and a disk a stack of rows: rows of half-width r are made from those
// of r - 1 by adding a voxel at each end, disks by adding rows, and each disk is added to the spheres above
// and below. Here all that is done strip by strip, a few rows y of all slices at a time, so that what is
// added lies in the processor's cache. Whole numbers of a moderate range (most images) are added as 32-bit
// integers, others as doubles; every voxel's sum is made in the same order on every instruction set.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "strided.hpp"

namespace fasttex {

constexpr Index kPeaks = 2;

// Row dy of the disk dz slices away from the center reaches `width` voxels to either side.
struct SphereRow {
    Index dz, dy, width;
};

struct Sphere {
    Shape reach;
    std::vector<SphereRow> rows;  // by dz, of dz >= 0

    double voxels() const {
        Index n = 0;
        for (const SphereRow& row : rows) n += (row.dz ? 2 : 1) * (2 * row.width + 1);
        return static_cast<double>(n);
    }
};

namespace local_detail {

constexpr Index kChunk = 16, kStrip = 16;

// A chunk of a row in registers. What happens to one voxel does not depend on how many a register holds.
template <class T>
class Chunk {
  public:
    void add(const T* from) {
        for (Index k = 0; k < kParts; ++k) {
            Part part;
            std::memcpy(&part, from + k * kLength, sizeof part);
            part_[k] += part;
        }
    }
    void add_to(T* out) const {
        for (Index k = 0; k < kParts; ++k) {
            Part part;
            std::memcpy(&part, out + k * kLength, sizeof part);
            part += part_[k];
            std::memcpy(out + k * kLength, &part, sizeof part);
        }
    }

  private:
#if !defined(__GNUC__) && !defined(__clang__)
    static constexpr Index kLength = 1;
    typedef T Part;
#elif defined(__AVX2__)
    static constexpr Index kLength = 32 / sizeof(T);
    typedef T Part __attribute__((vector_size(32)));
#else
    static constexpr Index kLength = 16 / sizeof(T);
    typedef T Part __attribute__((vector_size(16)));
#endif
    static constexpr Index kParts = kChunk / kLength;
    Part part_[kParts] = {};
};

inline Index whole_chunks(Index n) { return (n + kChunk - 1) / kChunk * kChunk; }

inline bool is_finite(double v) { return v - v == 0; }

// The image around the ROI's box less `base`, with the sphere's reach on each side; 0 where there is nothing.
template <class T>
struct Around {
    Shape box, reach;
    Index plane, row, width;  // voxels from one plane or row to the next; centers of a row in whole chunks
    std::vector<T> data;

    Around(Shape box_, Shape reach_) : box(box_), reach(reach_), width(whole_chunks(box_.x)) {
        row = width + 2 * reach.x;
        plane = row * (box.y + 2 * reach.y);
        data.assign(static_cast<std::size_t>(plane * (box.z + 2 * reach.z)), T{0});
    }
    const T* at(Index z, Index y) const { return data.data() + z * plane + y * row; }
    T* at(Index z, Index y) { return data.data() + z * plane + y * row; }
};

// Calls visit(z, y, x, n, values) for the rows of `around`, in its own indices, that the image has. `start`:
// index of the box's first voxel in the image.
template <class Visit>
void for_each_image_row(const Strided& image, Shape start, Shape box, Shape reach, const Visit& visit) {
    const auto low = [](Index s, Index r) { return std::max<Index>(0, s - r); };
    const auto high = [](Index s, Index n, Index r, Index length) { return std::min(length, s + n + r); };
    const Index first = low(start.x, reach.x), n = high(start.x, box.x, reach.x, image.shape.x) - first;
    std::vector<double> values(n);
    for (Index z = low(start.z, reach.z); z < high(start.z, box.z, reach.z, image.shape.z); ++z) {
        for (Index y = low(start.y, reach.y); y < high(start.y, box.y, reach.y, image.shape.y); ++y) {
            image.row(z, y, first, n, values.data());
            visit(z - start.z + reach.z, y - start.y + reach.y, first - start.x + reach.x, n, values.data());
        }
    }
}

// Sums of all spheres whose centers lie in rows y0 … y0 + n_rows - 1 of the box.
template <class T>
class Strip {
  public:
    Strip(const Around<T>& around, const Sphere& sphere)
        : around_(around),
          sphere_(sphere),
          height_(kStrip + 2 * around.reach.y),
          rows_(static_cast<std::size_t>((around.reach.x + 1) * height_ * around.width)) {}

    // `spans[z * box.y + y]`: which centers are wanted. `totals`: [z][row of the strip][x], zeros.
    void add(Index y0, Index n_rows, const std::vector<Span>& spans, T* totals) {
        const Shape& box = around_.box;
        for (Index z = 0; z < box.z + 2 * around_.reach.z; ++z) {
            make_rows(z, y0, n_rows);
            std::size_t k = 0;
            while (k < sphere_.rows.size()) {
                const Index dz = sphere_.rows[k].dz;
                std::size_t end = k;
                while (end < sphere_.rows.size() && sphere_.rows[end].dz == dz) ++end;
                const Index above = z - around_.reach.z - dz, below = z - around_.reach.z + dz;
                for (Index y = 0; y < n_rows; ++y) {
                    T* one = target(above, y0, y, spans, totals);
                    T* other = dz ? target(below, y0, y, spans, totals) : nullptr;
                    if (one || other) add_disk(k, end, y, wanted(above, below, y0 + y, spans), one, other);
                }
                k = end;
            }
        }
    }

  private:
    const Around<T>& around_;
    const Sphere& sphere_;
    Index height_;
    std::vector<T> rows_;  // [half-width][row][x]

    T* row(Index width, Index y) { return rows_.data() + (width * height_ + y) * around_.width; }

    bool empty(Index z, Index y, const std::vector<Span>& spans) const {
        return z < 0 || z >= around_.box.z || spans[z * around_.box.y + y].empty();
    }
    T* target(Index z, Index y0, Index y, const std::vector<Span>& spans, T* totals) const {
        return empty(z, y0 + y, spans) ? nullptr : totals + (z * kStrip + y) * around_.width;
    }
    Span wanted(Index above, Index below, Index y, const std::vector<Span>& spans) const {
        Span all{around_.width, 0};
        for (const Index z : {above, below}) {
            if (empty(z, y, spans)) continue;
            const Span& span = spans[z * around_.box.y + y];
            all = {std::min(all.first, span.first / kChunk * kChunk), std::max(all.last, span.last)};
        }
        return all;
    }

    void make_rows(Index z, Index y0, Index n_rows) {
        const Index reach = around_.reach.x, width = around_.width;
        for (Index y = 0; y < n_rows + 2 * around_.reach.y; ++y) {
            const T* source = around_.at(z, y0 + y) + reach;
            std::copy(source, source + width, row(0, y));
            for (Index r = 1; r <= reach; ++r) {
                const T* FASTTEX_RESTRICT narrow = row(r - 1, y);
                T* FASTTEX_RESTRICT wide = row(r, y);
                for (Index x = 0; x < width; ++x) wide[x] = narrow[x] + (source[x - r] + source[x + r]);
            }
        }
    }

    void add_disk(std::size_t begin, std::size_t end, Index y, Span span, T* one, T* other) {
        for (Index x = span.first; x < span.last; x += kChunk) {
            Chunk<T> sum;
            for (std::size_t k = begin; k < end; ++k) {
                const SphereRow& r = sphere_.rows[k];
                sum.add(row(r.width, y + around_.reach.y + r.dy) + x);
            }
            if (one) sum.add_to(one + x);
            if (other) sum.add_to(other + x);
        }
    }
};

// Calls visit(z, y, x, sum) for every voxel inside. `spans` as in Strip.
template <class T, class Level, class Visit>
void for_each_sphere(const Around<T>& around, const Sphere& sphere, const RoiView<Level>& roi, Shape first,
                     const std::vector<Span>& spans, const Visit& visit) {
    const Shape& box = around.box;
    Strip<T> strip(around, sphere);
    std::vector<T> totals(static_cast<std::size_t>(box.z * kStrip * around.width));
    for (Index y0 = 0; y0 < box.y; y0 += kStrip) {
        const Index n_rows = std::min(kStrip, box.y - y0);
        std::fill(totals.begin(), totals.end(), T{0});
        strip.add(y0, n_rows, spans, totals.data());
        for (Index z = 0; z < box.z; ++z) {
            for (Index y = y0; y < y0 + n_rows; ++y) {
                const Level* levels = roi.row(z + first.z, y + first.y) + first.x;
                const T* sums = totals.data() + (z * kStrip + y - y0) * around.width;
                const Span& span = spans[z * box.y + y];
                for (Index x = span.first; x < span.last; ++x) {
                    if (levels[x]) visit(z, y, x, static_cast<double>(sums[x]));
                }
            }
        }
    }
}

template <class T>
Around<T> around_of(const Strided& image, Shape start, Shape box, Shape reach, double base) {
    Around<T> around(box, reach);
    for_each_image_row(image, start, box, reach, [&](Index z, Index y, Index x, Index n, const double* v) {
        T* out = around.at(z, y) + x;
        for (Index k = 0; k < n; ++k) out[k] = is_finite(v[k]) ? static_cast<T>(v[k] - base) : T{0};
    });
    return around;
}

}  // namespace local_detail
}  // namespace fasttex
