// What crosses between Python and the kernels: NumPy arrays in as views, results out without a copy.
// Included by bindings.cpp alone.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#ifdef __linux__
#include <sys/mman.h>
#endif

#include <cstdlib>
#include <memory>
#include <new>
#include <utility>
#include <variant>
#include <vector>

#include "border_distance.hpp"
#include "direction_sets.hpp"
#include "discretize.hpp"
#include "parallel.hpp"
#include "resample.hpp"
#include "roi_view.hpp"
#include "strided.hpp"

namespace fasttex::python {

namespace nb = nanobind;

// ---- results ----

inline void prefer_huge_pages(void* memory, std::size_t bytes) {
#ifdef MADV_HUGEPAGE
    constexpr std::uintptr_t kPage = 4096, kWorthIt = std::uintptr_t{1} << 22;
    if (bytes < kWorthIt) return;
    const std::uintptr_t begin = reinterpret_cast<std::uintptr_t>(memory),
                         first = (begin + kPage - 1) / kPage * kPage;
    madvise(reinterpret_cast<void*>(first), (begin + bytes - first) / kPage * kPage,
            MADV_HUGEPAGE);  // a wish
#else
    static_cast<void>(memory), static_cast<void>(bytes);
#endif
}

struct Free {
    void operator()(void* memory) const { std::free(memory); }
};

// Zeros that become a NumPy array without a copy. The system hands out large blocks of zeros untouched; where
// it can, in huge pages, since touching many small ones for the first time can take longer than to fill them.
template <class T>
class Result {
  public:
    explicit Result(std::vector<std::size_t> shape) : shape_(std::move(shape)) {
        data_.reset(static_cast<T*>(std::calloc(std::max<std::size_t>(1, size()), sizeof(T))));
        if (!data_) throw std::bad_alloc();
        prefer_huge_pages(data_.get(), size() * sizeof(T));
    }

    T* data() { return data_.get(); }

    std::size_t size() const {
        std::size_t n = 1;
        for (const std::size_t length : shape_) n *= length;
        return n;
    }

    nb::object release() {
        T* data = data_.get();
        nb::capsule owner(data, [](void* memory) noexcept { std::free(memory); });
        data_.release();
        return nb::cast(nb::ndarray<nb::numpy, T>(data, shape_.size(), shape_.data(), owner));
    }

  private:
    std::vector<std::size_t> shape_;
    std::unique_ptr<T, Free> data_;
};

template <class T>
nb::list release_all(std::vector<T>& results) {
    nb::list list;
    for (T& result : results) list.append(result.release());
    return list;
}

template <class T>
std::vector<T*> pointers(std::vector<Result<T>>& results) {
    std::vector<T*> found;
    for (Result<T>& result : results) found.push_back(result.data());
    return found;
}

// Does the work while other Python threads run.
template <class Work>
void unlocked(const Work& work) {
    const nb::gil_scoped_release released;
    work();
}

// The same for items that threads share.
template <class Work>
void run(std::size_t n_items, std::size_t threads, const Work& work) {
    unlocked([&] { parallel_for(n_items, threads, work); });
}

inline std::size_t length(Index n) { return static_cast<std::size_t>(n); }

// ---- inputs ----

using Volume = nb::ndarray<nb::ro, nb::ndim<3>, nb::device::cpu>;
using Table = nb::ndarray<const std::int32_t, nb::shape<-1, 3>, nb::c_contig, nb::device::cpu>;
using Inside = nb::ndarray<const bool, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Ints = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Floats = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Distances = nb::ndarray<const Distance, nb::ndim<3>, nb::c_contig, nb::device::cpu>;

template <class T>
T get(nb::handle object, const char* attribute) {
    return nb::cast<T>(object.attr(attribute));
}

inline Shape shape_of(nb::handle triple) {
    return {nb::cast<Index>(triple[0]), nb::cast<Index>(triple[1]), nb::cast<Index>(triple[2])};
}

inline Shape shape_of(const Volume& a) {
    return {static_cast<Index>(a.shape(0)), static_cast<Index>(a.shape(1)), static_cast<Index>(a.shape(2))};
}

inline Offsets offsets_of(const Table& table) {
    Offsets offsets;
    for (std::size_t a = 0; a < table.shape(0); ++a) {
        const std::int32_t* o = table.data() + 3 * a;
        offsets.push_back({o[0], o[1], o[2]});
    }
    return offsets;
}

inline Offsets at_most_13(Offsets offsets) {
    if (static_cast<Index>(offsets.size()) > kMaxDirections)
        throw nb::value_error("expected at most 13 offsets: one of each pair of opposite directions");
    return offsets;
}

inline std::vector<Inside> masks_of(nb::sequence items) {
    std::vector<Inside> masks;
    for (nb::handle item : items) masks.push_back(get<Inside>(item, "morphological_mask"));
    return masks;
}

inline MaskView mask_of(const Inside& m) {
    const Shape shape{static_cast<Index>(m.shape(0)), static_cast<Index>(m.shape(1)),
                      static_cast<Index>(m.shape(2))};
    return {reinterpret_cast<const unsigned char*>(m.data()), shape};
}

// A DiscretizedRoi, kept alive by the array's reference.
struct Roi {
    Volume buffer;
    std::variant<RoiView<std::uint8_t>, RoiView<std::uint16_t>> view;
    Shape shape;
    Index n_levels;
};

template <class Level>
RoiView<Level> view_of(const Volume& buffer, const Shape& pad, const Shape& shape, Index n_levels) {
    const Index plane = buffer.stride(0), row = buffer.stride(1);
    const Level* begin = static_cast<const Level*>(buffer.data());
    const Index length = (static_cast<Index>(buffer.shape(0)) - 1) * plane +
                         (static_cast<Index>(buffer.shape(1)) - 1) * row +
                         static_cast<Index>(buffer.shape(2));
    return {begin + pad.z * plane + pad.y * row + pad.x, shape, plane, row, n_levels, begin, begin + length};
}

inline Roi roi_of(const Volume& buffer, const Shape& pad, const Shape& shape, Index n_levels) {
    if (buffer.dtype() == nb::dtype<std::uint8_t>())
        return {buffer, view_of<std::uint8_t>(buffer, pad, shape, n_levels), shape, n_levels};
    return {buffer, view_of<std::uint16_t>(buffer, pad, shape, n_levels), shape, n_levels};
}

inline std::vector<Roi> rois_of(nb::sequence items) {
    std::vector<Roi> rois;
    for (nb::handle item : items) {
        rois.push_back(roi_of(get<Volume>(item, "buffer"), shape_of(item.attr("pad")),
                              shape_of(item.attr("shape")), get<Index>(item, "n_levels")));
    }
    return rois;
}

inline LoadRow loader_of(const Volume& array) {
    const nb::dlpack::dtype d = array.dtype();
    if (d == nb::dtype<std::int8_t>()) return load_row<std::int8_t>;
    if (d == nb::dtype<std::int16_t>()) return load_row<std::int16_t>;
    if (d == nb::dtype<std::int32_t>()) return load_row<std::int32_t>;
    if (d == nb::dtype<std::int64_t>()) return load_row<std::int64_t>;
    if (d == nb::dtype<std::uint8_t>() || d == nb::dtype<bool>()) return load_row<std::uint8_t>;
    if (d == nb::dtype<std::uint16_t>()) return load_row<std::uint16_t>;
    if (d == nb::dtype<std::uint32_t>()) return load_row<std::uint32_t>;
    if (d == nb::dtype<std::uint64_t>()) return load_row<std::uint64_t>;
    if (d == nb::dtype<float>()) return load_row<float>;
    if (d == nb::dtype<double>()) return load_row<double>;
    throw nb::type_error("expected bool, an integer up to 64 bits, float32 or float64; convert with astype");
}

inline Strided strided_of(const Volume& a) {
    const Index size = static_cast<Index>(a.itemsize());
    return {static_cast<const unsigned char*>(a.data()),
            shape_of(a),
            {a.stride(0) * size, a.stride(1) * size, a.stride(2) * size},
            loader_of(a),
            a.dtype().code != static_cast<std::uint8_t>(nb::dlpack::dtype_code::Float)};
}

struct BinningItem {
    Volume intensities, inside;
    Floats edges;
    BinningView view;
};

inline BinningItem binning_of(nb::handle item, nb::handle intensities) {
    BinningItem b{nb::cast<Volume>(intensities), get<Volume>(item, "inside"), get<Floats>(item, "edges"), {}};
    const std::string rule = get<std::string>(item, "rule");
    const BinRule bin_rule = rule == "fbs"     ? BinRule::fixed_size
                             : rule == "fbn"   ? BinRule::fixed_number
                             : rule == "edges" ? BinRule::edges
                                               : BinRule::identity;
    b.view = {strided_of(b.intensities),    strided_of(b.inside),    bin_rule,
              get<Index>(item, "n_levels"), get<Index>(item, "pad"), get<double>(item, "origin"),
              get<double>(item, "width"),   b.edges.data(),          static_cast<Index>(b.edges.shape(0))};
    return b;
}

struct SamplingItem {
    Volume source;
    Ints lower[3], upper[3];
    Floats weight[3];

    AxisView axis(int n) const {
        return {lower[n].data(), upper[n].data(), weight[n].data(), static_cast<Index>(lower[n].shape(0))};
    }
};

inline SamplingItem sampling_of(nb::handle item, nb::handle source) {
    SamplingItem s{nb::cast<Volume>(source), {}, {}, {}};
    const nb::object axes = item.attr("axes");
    for (int n = 0; n < 3; ++n) {
        const nb::object axis = axes[n];
        s.lower[n] = get<Ints>(axis, "lower");
        s.upper[n] = get<Ints>(axis, "upper");
        s.weight[n] = get<Floats>(axis, "weight");
    }
    return s;
}

}  // namespace fasttex::python
