// Rows of any real dtype and any strides, read as float64.
//
// Only this file knows the dtype of an input: a kernel asks for a row and gets doubles, converted as
// numpy's astype(float64) does it (round to nearest even where 64-bit integers do not fit).
#pragma once

#include <cstdint>
#include <cstring>

#include "roi_view.hpp"

namespace fasttex {

using LoadRow = void (*)(const unsigned char* source, Index stride, Index n, double* out);

// `stride` in bytes. Reading through memcpy keeps odd alignments legal.
template <class T>
void load_row(const unsigned char* source, Index stride, Index n, double* FASTTEX_RESTRICT out) {
    const auto read = [source](Index at) {
        T value;
        std::memcpy(&value, source + at, sizeof value);
        return static_cast<double>(value);
    };
    if (stride == static_cast<Index>(sizeof(T))) {
        for (Index k = 0; k < n; ++k) out[k] = read(k * static_cast<Index>(sizeof(T)));
    } else {
        for (Index k = 0; k < n; ++k) out[k] = read(k * stride);
    }
}

struct Strided {
    const unsigned char* data;
    Shape shape;
    Shape stride;  // in bytes
    LoadRow load;
    bool whole_numbers;  // no infinity, NaN or negative zero

    // Voxels first … first + n - 1 of row (z, y).
    void row(Index z, Index y, Index first, Index n, double* out) const {
        load(data + z * stride.z + y * stride.y + first * stride.x, stride.x, n, out);
    }
};

// The bytes of row (z, y), next to each other: copied to `spare`, which is as long, where they are not.
inline const unsigned char* row_of_bytes(const Strided& bytes, Index z, Index y, unsigned char* spare) {
    const unsigned char* row = bytes.data + z * bytes.stride.z + y * bytes.stride.y;
    if (bytes.stride.x == 1) return row;
    for (Index x = 0; x < bytes.shape.x; ++x) spare[x] = row[x * bytes.stride.x];
    return spare;
}

}  // namespace fasttex
