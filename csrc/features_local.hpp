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
#include <memory>
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
    void add_both(const T* from, const T* other) {
        for (Index k = 0; k < kParts; ++k) {
            Part part, more;
            std::memcpy(&part, from + k * kLength, sizeof part);
            std::memcpy(&more, other + k * kLength, sizeof more);
            part_[k] += part + more;
        }
    }
    void store(T* out) const {
        for (Index k = 0; k < kParts; ++k) std::memcpy(out + k * kLength, &part_[k], sizeof(Part));
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

// Some rows y of a ROI's box, at all z, with the sphere's reach on each side; 0 where the image has nothing.
template <class T>
struct Around {
    Shape box, reach;
    Index plane, row, width;  // voxels from one plane or row to the next; centers of a row in whole chunks
    std::vector<T> data;

    Around(Shape box_, Shape reach_) : box(box_), reach(reach_), width(whole_chunks(box_.x)) {
        row = width + 2 * reach.x;
        plane = row * (std::min(box.y, kStrip) + 2 * reach.y);
        data.assign(static_cast<std::size_t>(plane * (box.z + 2 * reach.z)), T{0});
    }
    // Row 0 of a plane is the reach's first row before row y0 of the box.
    const T* at(Index z, Index y) const { return data.data() + z * plane + y * row; }
    T* at(Index z, Index y) { return data.data() + z * plane + y * row; }

    // Makes room for rows y0 … y0 + n_rows - 1 of the box, after the kStrip rows before; read(z, y, row)
    // fills the rest, y counted in the box.
    template <class Read>
    void move_to(Index y0, Index n_rows, const Read& read) {
        const Index known = y0 ? 2 * reach.y : 0;
        for (Index z = 0; z < box.z + 2 * reach.z; ++z) {
            if (known) std::copy(at(z, kStrip), at(z, kStrip + known), at(z, 0));
            for (Index y = known; y < n_rows + 2 * reach.y; ++y)
                read(z - reach.z, y0 + y - reach.y, at(z, y));
        }
    }
};

// The image around a ROI's box, row by row.
class ImageRows {
  public:
    // `start`: index of the box's first voxel in the image.
    ImageRows(const Strided& image, Shape start, Shape box, Shape reach)
        : image_(image),
          start_(start),
          first_(std::max<Index>(0, start.x - reach.x)),
          begin_(first_ - start.x + reach.x),
          values_(std::min(image.shape.x, start.x + box.x + reach.x) - first_) {}

    // Row (z, y) of the box into `out`, which begins with the reach: value(v) of each voxel that the image
    // has.
    template <class T, class Value>
    void operator()(Index z, Index y, T* out, const Value& value) {
        const Index at_z = z + start_.z, at_y = y + start_.y, n = static_cast<Index>(values_.size());
        T* FASTTEX_RESTRICT to = out + begin_;
        if (at_z < 0 || at_z >= image_.shape.z || at_y < 0 || at_y >= image_.shape.y) {
            std::fill(to, to + n, T{0});
            return;
        }
        image_.row(at_z, at_y, first_, n, values_.data());
        const double* FASTTEX_RESTRICT v = values_.data();
        for (Index k = 0; k < n; ++k) to[k] = value(v[k]);
    }

  private:
    const Strided& image_;
    Shape start_;
    Index first_, begin_;
    std::vector<double> values_;
};

// Sums of all spheres whose centers lie in rows y0 … y0 + n_rows - 1 of the box, a chunk of x at a time.
template <class T>
class Strip {
  public:
    Strip(const Around<T>& around, const Sphere& sphere)
        : around_(around),
          height_(kStrip + 2 * around.reach.y),
          storage_(static_cast<std::size_t>((around.reach.x + 1) * height_ * kChunk + kChunk)) {
        for (const SphereRow& r : sphere.rows) {
            if (disks_.empty() || disks_.back().dz != r.dz) disks_.push_back({r.dz, {}});
            disks_.back().rows.push_back((r.width * height_ + around.reach.y + r.dy) * kChunk);
        }
        void* begin = storage_.data();
        std::size_t room = storage_.size() * sizeof(T);
        rows_ = static_cast<T*>(std::align(64, room - kChunk * sizeof(T), begin, room));
    }
    Strip(const Strip&) = delete;

    // `spans[z * box.y + y]`: which centers are wanted. `totals`: [z][row of the strip][x], zeros.
    void add(Index y0, Index n_rows, const std::vector<Span>& spans, T* totals) {
        for (Index z = 0; z < around_.box.z + 2 * around_.reach.z; ++z) {
            const Span needed = needed_at(z, y0, n_rows, spans);
            for (Index x = needed.first / kChunk * kChunk; x < needed.last; x += kChunk) {
                make_rows(z, n_rows, x);
                for (const Disk& disk : disks_) {
                    const Index above = z - around_.reach.z - disk.dz, below = z - around_.reach.z + disk.dz;
                    for (Index y = 0; y < n_rows; ++y) {
                        T* one = target(above, y0, y, x, spans, totals);
                        T* other = disk.dz ? target(below, y0, y, x, spans, totals) : nullptr;
                        if (one || other) add_disk(disk, y, one, other);
                    }
                }
            }
        }
    }

  private:
    struct Disk {
        Index dz;
        std::vector<Index> rows;  // where in `rows_` those around row 0 of the strip are
    };

    const Around<T>& around_;
    Index height_;
    std::vector<Disk> disks_;
    std::vector<T> storage_;
    T* rows_;  // [half-width][row][x of the chunk]

    // Of all spheres that slice z of `around_` is part of.
    Span needed_at(Index z, Index y0, Index n_rows, const std::vector<Span>& spans) const {
        Span all{around_.width, 0};
        const Index last = std::min(z, around_.box.z - 1);
        for (Index center = std::max<Index>(0, z - 2 * around_.reach.z); center <= last; ++center) {
            for (Index y = y0; y < y0 + n_rows; ++y) {
                const Span& span = spans[center * around_.box.y + y];
                if (!span.empty()) all = {std::min(all.first, span.first), std::max(all.last, span.last)};
            }
        }
        return all;
    }

    // Where the chunk of a row at x is to be added; nowhere if none of its centers is wanted.
    T* target(Index z, Index y0, Index y, Index x, const std::vector<Span>& spans, T* totals) const {
        if (z < 0 || z >= around_.box.z) return nullptr;
        const Span& span = spans[z * around_.box.y + y0 + y];
        return span.first < x + kChunk && x < span.last ? totals + (z * kStrip + y) * around_.width + x
                                                        : nullptr;
    }

    void make_rows(Index z, Index n_rows, Index x) {
        const Index reach = around_.reach.x, wider = height_ * kChunk;
        for (Index y = 0; y < n_rows + 2 * around_.reach.y; ++y) {
            const T* source = around_.at(z, y) + reach + x;
            T* out = rows_ + y * kChunk;
            Chunk<T> sum;
            sum.add(source);
            sum.store(out);
            for (Index r = 1; r <= reach; ++r) {
                sum.add_both(source - r, source + r);
                sum.store(out + r * wider);
            }
        }
    }

    void add_disk(const Disk& disk, Index y, T* one, T* other) {
        const T* here = rows_ + y * kChunk;
        Chunk<T> sum;
        for (const Index at : disk.rows) sum.add(here + at);
        if (one) sum.add_to(one);
        if (other) sum.add_to(other);
    }
};

// Calls visit(z, y, span, levels, centers, sums) for every row of the box with voxels inside: the voxels of
// the span, some of which may be outside, and what lies at their x in the three. `read` as in Around, `spans`
// as in Strip.
template <class T, class Level, class Read, class Visit>
void for_each_sphere_row(Shape box, const Sphere& sphere, const Read& read, const RoiView<Level>& roi,
                         Shape first, const std::vector<Span>& spans, const Visit& visit) {
    Around<T> around(box, sphere.reach);
    Strip<T> strip(around, sphere);
    std::vector<T> totals(static_cast<std::size_t>(box.z * kStrip * around.width));
    for (Index y0 = 0; y0 < box.y; y0 += kStrip) {
        const Index n_rows = std::min(kStrip, box.y - y0);
        around.move_to(y0, n_rows, read);
        std::fill(totals.begin(), totals.end(), T{0});
        strip.add(y0, n_rows, spans, totals.data());
        for (Index z = 0; z < box.z; ++z) {
            for (Index y = y0; y < y0 + n_rows; ++y) {
                const Span& span = spans[z * box.y + y];
                if (span.empty()) continue;
                visit(z, y, span, roi.row(z + first.z, y + first.y) + first.x,
                      around.at(z + sphere.reach.z, y - y0 + sphere.reach.y) + sphere.reach.x,
                      totals.data() + (z * kStrip + y - y0) * around.width);
            }
        }
    }
}

}  // namespace local_detail
}  // namespace fasttex
