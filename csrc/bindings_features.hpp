// Features for Python: one call per family computes those of a whole batch, with the GIL released.
// Included by bindings.cpp alone.
#pragma once

#include <string>

#include "bindings.hpp"
#include "features_distribution.hpp"
#include "features_glcm.hpp"
#include "features_mcc.hpp"
#include "features_ngtdm.hpp"

namespace fasttex::python {

using Counts2 = nb::ndarray<const std::int64_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Counts3 = nb::ndarray<const std::int64_t, nb::ndim<3>, nb::c_contig, nb::device::cpu>;

// One matrix of a batch: which item, and which of its offsets.
struct Unit {
    std::size_t item, offset;
};

// A thread costs as much as some ten thousand counts.
inline std::size_t worthwhile(std::size_t threads, std::size_t n_counts) {
    constexpr std::size_t kCountsPerThread = std::size_t{1} << 17;
    return std::min(threads, 1 + n_counts / kCountsPerThread);
}

// Calls work(begin, end) for runs of units, long enough that what a run sets up does not matter.
template <class Work>
void run_shares(std::size_t n_units, std::size_t threads, const Work& work) {
    const std::size_t shares = threads == 1 ? std::min<std::size_t>(1, n_units) : n_units;
    run(shares, threads,
        [&](std::size_t share) { work(share * n_units / shares, (share + 1) * n_units / shares); });
}

struct GlcmItems {
    std::vector<Counts3> counts;
    std::vector<Ints> levels;
    std::vector<Unit> units;
    std::size_t n_counts = 0;

    explicit GlcmItems(nb::sequence matrices) {
        for (nb::handle matrix : matrices) {
            counts.push_back(get<Counts3>(matrix, "counts"));
            levels.push_back(get<Ints>(matrix, "level_values"));
            const Counts3& c = counts.back();
            if (c.shape(1) != levels.back().shape(0) || c.shape(2) != c.shape(1) || c.shape(1) == 0)
                throw nb::value_error("counts and level_values do not fit");
            for (std::size_t a = 0; a < c.shape(0); ++a) units.push_back({counts.size() - 1, a});
            n_counts += c.size();
        }
    }

    std::size_t n_levels(const Unit& unit) const { return counts[unit.item].shape(1); }
    const std::int64_t* of(const Unit& unit) const {
        return counts[unit.item].data() + unit.offset * n_levels(unit) * n_levels(unit);
    }
};

inline nb::object glcm_features_items(nb::sequence matrices, std::size_t threads) {
    const GlcmItems items(matrices);
    Result<double> rows({items.units.size(), kGlcmFeatures});
    double* data = rows.data();
    run_shares(items.units.size(), worthwhile(threads, items.n_counts),
               [&](std::size_t begin, std::size_t end) {
                   SymmetricGlcm scratch;
                   for (std::size_t n = begin; n < end; ++n) {
                       const Unit& unit = items.units[n];
                       const GlcmLevels levels{items.levels[unit.item].data(), items.n_levels(unit)};
                       glcm_features(items.of(unit), levels, scratch, data + n * kGlcmFeatures);
                   }
               });
    return rows.release();
}

// Calls visit(n, coefficients) for every matrix.
template <class Visit>
void find_maximal_correlations(const GlcmItems& items, std::size_t threads, double epsilon,
                               const Visit& visit) {
    run_shares(
        items.units.size(), worthwhile(threads, 8 * items.n_counts), [&](std::size_t begin, std::size_t end) {
            MaximalCorrelation coefficients(epsilon);
            for (std::size_t n = begin; n < end; ++n) {
                const Unit& unit = items.units[n];
                const Counts3& c = items.counts[unit.item];
                visit(n, coefficients(items.of(unit), items.n_levels(unit),
                                      [&] { return has_single_level(c.data(), c.shape(0), c.shape(1)); }));
            }
        });
}

inline nb::object maximal_correlation_items(nb::sequence matrices, std::size_t threads) {
    const GlcmItems items(matrices);
    Result<double> values({items.units.size()});
    double* data = values.data();
    find_maximal_correlations(items, threads, 0.0,
                              [data](std::size_t n, const Coefficients& found) { data[n] = found.plain; });
    return values.release();
}

// In two columns: without ε, and with it.
inline nb::object lowered_correlation_items(nb::sequence matrices, std::size_t threads, double epsilon) {
    const GlcmItems items(matrices);
    Result<double> values({items.units.size(), 2});
    double* data = values.data();
    find_maximal_correlations(items, threads, epsilon, [data](std::size_t n, const Coefficients& found) {
        data[2 * n] = found.plain;
        data[2 * n + 1] = found.lowered;
    });
    return values.release();
}

// GLRLM (counts by offset, level and length) and NGLDM (by level and dependence; each voxel has one).
struct DenseItems {
    static constexpr double kEveryCount = -1;  // as many voxels as counts

    std::vector<std::variant<Counts2, Counts3>> kept;
    std::vector<const std::int64_t*> counts;
    std::vector<std::size_t> n_sizes;
    std::vector<Ints> levels;
    std::vector<double> n_voxels;
    std::vector<Unit> units;
    std::size_t n_counts = 0;

    explicit DenseItems(nb::sequence matrices) {
        for (nb::handle matrix : matrices) {
            const nb::object given = matrix.attr("counts");
            levels.push_back(get<Ints>(matrix, "level_values"));
            if (nb::cast<int>(given.attr("ndim")) == 3) {
                const Counts3 c = nb::cast<Counts3>(given);
                n_voxels.push_back(get<double>(matrix, "n_voxels"));
                add(c.data(), c.shape(0), c.shape(1), c.shape(2), c);
            } else {
                const Counts2 c = nb::cast<Counts2>(given);
                n_voxels.push_back(kEveryCount);
                add(c.data(), 1, c.shape(0), c.shape(1), c);
            }
        }
    }

    void add(const std::int64_t* data, std::size_t n_offsets, std::size_t n_levels, std::size_t sizes,
             std::variant<Counts2, Counts3> array) {
        if (n_levels != levels.back().shape(0)) throw nb::value_error("counts and level_values do not fit");
        for (std::size_t a = 0; a < n_offsets; ++a) units.push_back({counts.size(), a});
        kept.push_back(std::move(array));
        counts.push_back(data);
        n_sizes.push_back(sizes);
        n_counts += n_offsets * n_levels * sizes;
    }

    void fill(const Unit& unit, Distribution& d) const {
        const Ints& values = levels[unit.item];
        const std::size_t n = values.shape(0), sizes = n_sizes[unit.item];
        d.levels.assign(values.data(), values.data() + n);
        fill_dense(counts[unit.item] + unit.offset * n * sizes, sizes, d);
        d.n_voxels = n_voxels[unit.item];
        if (d.n_voxels != kEveryCount) return;
        std::int64_t voxels = 0;
        for (const std::int64_t count : d.by_level) voxels += count;
        d.n_voxels = static_cast<double>(voxels);
    }
};

inline nb::object dense_features_items(nb::sequence matrices, std::size_t threads) {
    const DenseItems items(matrices);
    Result<double> rows({items.units.size(), kDistributionFeatures});
    double* data = rows.data();
    run_shares(items.units.size(), worthwhile(threads, items.n_counts),
               [&](std::size_t begin, std::size_t end) {
                   Distribution d;
                   for (std::size_t n = begin; n < end; ++n) {
                       items.fill(items.units[n], d);
                       distribution_features(d, data + n * kDistributionFeatures);
                   }
               });
    return rows.release();
}

// GLSZM and GLDZM: j stands in column 1 or 2 of the rows.
inline nb::object zone_features_items(nb::sequence matrices, std::size_t column, std::size_t threads) {
    std::vector<Counts2> found;
    std::vector<Ints> levels;
    std::vector<double> n_voxels;
    std::size_t n_counts = 0;
    for (nb::handle matrix : matrices) {
        found.push_back(get<Counts2>(matrix, "rows"));
        levels.push_back(get<Ints>(matrix, "level_values"));
        n_voxels.push_back(get<double>(matrix, "n_voxels"));
        if (found.back().shape(1) != 4) throw nb::value_error("rows of zones hold four numbers");
        n_counts += found.back().size();
    }
    Result<double> rows({found.size(), kDistributionFeatures});
    double* data = rows.data();
    run_shares(found.size(), worthwhile(threads, n_counts), [&](std::size_t begin, std::size_t end) {
        Distribution d;
        for (std::size_t n = begin; n < end; ++n) {
            d.levels.assign(levels[n].data(), levels[n].data() + levels[n].shape(0));
            d.n_voxels = n_voxels[n];
            fill_rows(found[n].data(), found[n].shape(0), column, d);
            distribution_features(d, data + n * kDistributionFeatures);
        }
    });
    return rows.release();
}

inline nb::object ngtdm_features_items(nb::sequence matrices, bool lone_voxels, std::size_t threads) {
    std::vector<Counts2> sums, voxels;
    std::vector<Ints> levels;
    std::size_t n_counts = 0;
    for (nb::handle matrix : matrices) {
        sums.push_back(get<Counts2>(matrix, "difference_sums"));
        voxels.push_back(get<Counts2>(matrix, "voxels"));
        levels.push_back(get<Ints>(matrix, "level_values"));
        if (sums.back().shape(0) != levels.back().shape(0) || sums.back().size() != voxels.back().size())
            throw nb::value_error("counts and level_values do not fit");
        n_counts += sums.back().size() + levels.back().size() * levels.back().size();
    }
    Result<double> rows({sums.size(), kNgtdmFeatures});
    double* data = rows.data();
    run(sums.size(), worthwhile(threads, n_counts), [&](std::size_t n) {
        const NgtdmCounts m{sums[n].data(),     voxels[n].data(), levels[n].data(),
                            levels[n].shape(0), sums[n].shape(1), lone_voxels};
        ngtdm_features(m, data + n * kNgtdmFeatures);
    });
    return rows.release();
}

inline void bind_features(nb::module_& m) {
    m.def("glcm_features", glcm_features_items, nb::arg("matrices"), nb::arg("threads"));
    m.def("maximal_correlation", maximal_correlation_items, nb::arg("matrices"), nb::arg("threads"));
    m.def("lowered_correlation", lowered_correlation_items, nb::arg("matrices"), nb::arg("threads"),
          nb::arg("epsilon"));
    m.def("dense_features", dense_features_items, nb::arg("matrices"), nb::arg("threads"));
    m.def("zone_features", zone_features_items, nb::arg("matrices"), nb::arg("column"), nb::arg("threads"));
    m.def("ngtdm_features", ngtdm_features_items, nb::arg("matrices"), nb::arg("lone_voxels"),
          nb::arg("threads"));
}

}  // namespace fasttex::python
