// The compiled twin of the rows of morphology, less Moran's I and Geary's C (IBSI: HCUG).
//
// The definitions are the NumPy rows of fasttex/features/morphology.py. No function of the C library takes
// part but the square root: the cubic root comes from Newton's steps, the principal axes from Jacobi's
// rotations.
#pragma once

#include <cmath>
#include <stdexcept>
#include <vector>

#include "features_intensity.hpp"
#include "hull_measures.hpp"
#include "mask_geometry.hpp"
#include "surface.hpp"

namespace fasttex {

constexpr Index kMorphologyFeatures = 23;

// One ROI: what its mesh is counted as, the tables of area and volume by pattern for its spacing, and its
// voxels.
struct MorphologyView {
    MaskView mask;
    const std::int64_t* cases;
    const double *areas, *volumes;
    const double* intensities;
    Index n_intensities;
    double spacing[3];
};

namespace morphology_detail {

using intensity_detail::divide;
using intensity_detail::kNaN;

constexpr double kPi = 3.14159265358979323846;

inline double cubic_root(double v) {
    if (!(v > 0) || v > std::numeric_limits<double>::max()) return v;
    double scale = 1;
    for (; v >= 8; v /= 8) scale *= 2;
    for (; v < 1; v *= 8) scale /= 2;
    double root = 1.5;
    for (int k = 0; k < 8; ++k) root -= (root * root * root - v) / (3 * root * root);
    return scale * root;
}

// Eigenvalues of a symmetric matrix, falling.
inline void eigenvalues(double (&m)[3][3], double* out) {
    for (int sweep = 0; sweep < 30; ++sweep) {
        for (int p = 0; p < 2; ++p) {
            for (int q = p + 1; q < 3; ++q) {
                if (m[p][q] == 0) continue;
                const double theta = (m[q][q] - m[p][p]) / (2 * m[p][q]);
                const double size = std::abs(theta);
                double t = size > 1e150 ? 0.5 / size : 1 / (size + std::sqrt(size * size + 1));
                if (theta < 0) t = -t;
                const double c = 1 / std::sqrt(t * t + 1), s = t * c;
                const int r = 3 - p - q;
                m[p][p] -= t * m[p][q];
                m[q][q] += t * m[p][q];
                const double rp = m[r][p], rq = m[r][q];
                m[p][q] = m[q][p] = 0;
                m[r][p] = m[p][r] = c * rp - s * rq;
                m[r][q] = m[q][r] = s * rp + c * rq;
            }
        }
        if (m[0][1] == 0 && m[0][2] == 0 && m[1][2] == 0) break;
    }
    for (int k = 0; k < 3; ++k) out[k] = m[k][k];
    std::sort(out, out + 3, [](double a, double b) { return a > b; });
}

// a >= b >= c in mm; see semi_axes of fasttex/features/ellipsoid.py.
inline void semi_axes(const VoxelCenters& centers, const double* spacing, double* out) {
    std::fill(out, out + 3, kNaN);
    if (centers.n == 1) return;
    const double n = static_cast<double>(centers.n);
    // About the voxel nearest to the mean, so that little is lost when squares are taken from squares.
    std::int64_t middle[3], first[3];
    for (int i = 0; i < 3; ++i) {
        middle[i] = (2 * centers.first[i] + centers.n) / (2 * centers.n);
        first[i] = centers.first[i] - centers.n * middle[i];
    }
    double covariance[3][3];
    for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 3; ++j) {
            const std::int64_t second =
                centers.second[i][j] - middle[i] * centers.first[j] - middle[j] * first[i];
            const double lost = static_cast<double>(first[i]) * static_cast<double>(first[j]) / n;
            covariance[i][j] = (static_cast<double>(second) - lost) / (n - 1) * spacing[i] * spacing[j];
        }
    }
    eigenvalues(covariance, out);
    for (int k = 0; k < 3; ++k) out[k] = k < centers.rank && out[k] > 0 ? 2 * std::sqrt(out[k]) : 0.0;
}

inline double ellipsoid_area(const double* axis) {
    const double a = axis[0], b = axis[1], c = axis[2];
    if (a == 0) return kNaN;
    const double alpha2 = 1 - (b / a) * (b / a), beta2 = 1 - (c / a) * (c / a);
    double before = 0, q = 1, total = 1;
    for (int nu = 0; nu < 20; ++nu) {
        const double middle = (2 * nu + 1) * (alpha2 + beta2) / 2, end = nu * alpha2 * beta2;
        const double next = (middle * q - end * before) / (nu + 1);
        before = q;
        q = next;
        total += q / (1 - 4.0 * (nu + 1) * (nu + 1));
    }
    return 4 * kPi * a * b * total;
}

// Sums over the voxels with a level: their indices, and these weighted with x - μ; both about `origin`.
struct Lever {
    double mean = 0;
    double n = 0, sum = 0;  // voxels; Σ (x - μ)
    std::int64_t place[3] = {};
    double moment[3] = {};
};

template <class Level>
Lever lever_of(const RoiView<Level>& roi, const double* x, Index n, const std::int64_t* origin) {
    Lever lever;
    const auto d = intensity_detail::deviations_of(x, n, intensity_detail::Once{}, &lever.n);
    const Range range = range_of(x, n);
    lever.mean = range.low == range.high ? range.low : d.mean;
    const double* at = x;
    for (Index z = 0; z < roi.shape.z; ++z) {
        for (Index y = 0; y < roi.shape.y; ++y) {
            for_each_run(roi.row(z, y), roi.shape.x, [&](Index first, Index last) {
                const std::int64_t k[3] = {z - origin[0], y - origin[1], first - origin[2]};
                const Index length = last - first;
                if (at + length > x + n) throw std::invalid_argument("a voxel with a level has no intensity");
                const auto sums = lane_sums<2>(length, [&](Index i, double* term) {
                    const double deviation = d(at[i]);
                    term[0] = deviation;
                    term[1] = deviation * static_cast<double>(static_cast<std::int32_t>(i));
                });
                at += length;
                lever.sum += sums[0];
                for (int a = 0; a < 3; ++a) {
                    lever.place[a] += k[a] * length;
                    lever.moment[a] += static_cast<double>(k[a]) * sums[0];
                }
                lever.place[2] += length * (length - 1) / 2;
                lever.moment[2] += sums[1];
            });
        }
    }
    return lever;
}

inline double center_of_mass_shift(const Lever& lever, const VoxelCenters& centers,
                                   const std::int64_t* origin, const double* spacing) {
    double squares = 0;
    for (int a = 0; a < 3; ++a) {
        const double middle = static_cast<double>(lever.place[a]) / lever.n;
        const double moment = lever.moment[a] - middle * lever.sum;
        const std::int64_t first = centers.first[a] - centers.n * origin[a];
        const double apart = middle - static_cast<double>(first) / static_cast<double>(centers.n);
        const double shift = (divide(moment, lever.n * lever.mean) + apart) * spacing[a];
        squares += shift * shift;
    }
    return std::sqrt(squares);
}

}  // namespace morphology_detail

// `out`: kMorphologyFeatures numbers.
template <class Level>
void morphology(const MorphologyView& item, const RoiView<Level>& roi, double* out) {
    using namespace morphology_detail;
    const MaskGeometry geometry = geometry_of(item.mask);
    const VoxelCenters& centers = geometry.centers;
    const double* s = item.spacing;
    const auto mesh = lane_sums<2>(kPatterns, [&](Index k, double* term) {
        term[0] = static_cast<double>(item.cases[k]) * item.areas[k];
        term[1] = static_cast<double>(item.cases[k]) * item.volumes[k];
    });
    const double area = mesh[0], volume = mesh[1] * (s[0] * s[1] * s[2]);
    const HullMeasures hull = measure_hull(geometry.vertices, s);
    double axis[3], box[3];
    semi_axes(centers, s, axis);
    std::int64_t origin[3];
    for (int a = 0; a < 3; ++a) {
        box[a] = static_cast<double>(centers.high[a] - centers.low[a] + 1) * s[a];
        origin[a] = (2 * centers.first[a] + centers.n) / (2 * centers.n);
    }
    const Lever lever = lever_of(roi, item.intensities, item.n_intensities, origin);
    const double ball = 36 * kPi * volume * volume, root = cubic_root(ball);
    const double row[kMorphologyFeatures] = {
        volume,
        static_cast<double>(centers.n) * (s[0] * s[1] * s[2]),
        area,
        divide(area, volume),
        divide(volume, std::sqrt(kPi) * (area * std::sqrt(area))),
        divide(ball, area * area * area),
        divide(area, root),
        divide(root, area),
        divide(area, root) - 1,
        center_of_mass_shift(lever, centers, origin, s),
        hull.diameter,
        2 * axis[0],
        2 * axis[1],
        2 * axis[2],
        divide(axis[1], axis[0]),
        divide(axis[2], axis[0]),
        divide(volume, box[0] * box[1] * box[2]),
        divide(area, 2 * (box[0] * box[1] + box[1] * box[2] + box[2] * box[0])),
        divide(volume, 4.0 / 3 * kPi * axis[0] * axis[1] * axis[2]),
        divide(area, ellipsoid_area(axis)),
        divide(volume, hull.volume),
        divide(area, hull.area),
        volume * lever.mean};
    std::copy(row, row + kMorphologyFeatures, out);
}

}  // namespace fasttex
