// The Python module: one function per kernel, called once per batch, with the GIL released while it counts.
#include "bindings.hpp"

#include <nanobind/stl/vector.h>

#include <memory>
#include <type_traits>

#include "bindings_features.hpp"
#include "bindings_whole.hpp"
#include "glcm.hpp"
#include "glrlm.hpp"
#include "host.hpp"
#include "neighborhood.hpp"
#include "slabs.hpp"
#include "surface.hpp"
#include "zones.hpp"

namespace fasttex::python {

namespace {

nb::list discretize_items(nb::sequence items, nb::sequence intensities, std::size_t threads) {
    using Levels = std::variant<Result<std::uint8_t>, Result<std::uint16_t>>;
    std::vector<BinningItem> binnings;
    std::vector<Levels> results;
    std::vector<Extent> extents;
    for (nb::handle item : items) {
        binnings.push_back(binning_of(item, intensities[binnings.size()]));
        const BinningView& view = binnings.back().view;
        const Shape& s = view.intensities.shape;
        const std::vector<std::size_t> shape = {length(s.z + 2 * view.pad), length(s.y + 2 * view.pad),
                                                length(s.x + 2 * view.pad)};
        results.push_back(view.n_levels <= 255 ? Levels(Result<std::uint8_t>(shape))
                                               : Levels(Result<std::uint16_t>(shape)));
        extents.push_back({s.z, s.y * s.x, 0});
    }
    unlocked([&] {
        for_each_slab(extents, threads, [&](const Slab& slab) {
            std::visit(
                [&](auto& result) {
                    discretize(binnings[slab.item].view, slab.first, slab.last, result.data());
                },
                results[slab.item]);
        });
    });
    nb::list list;
    for (Levels& levels : results) {
        list.append(std::visit([](auto& result) { return result.release(); }, levels));
    }
    return list;
}

nb::list resample_items(nb::sequence items, nb::sequence sources, std::size_t threads) {
    std::vector<SamplingItem> samplings;
    std::vector<Result<double>> results;
    std::vector<Extent> extents;
    for (nb::handle item : items) {
        samplings.push_back(sampling_of(item, sources[samplings.size()]));
        const SamplingItem& s = samplings.back();
        const std::size_t z = s.lower[0].shape(0), y = s.lower[1].shape(0), x = s.lower[2].shape(0);
        results.emplace_back(std::vector<std::size_t>{z, y, x});
        extents.push_back({static_cast<Index>(z), static_cast<Index>(y * x), 0});
    }
    std::vector<SamplingView> views;
    for (const SamplingItem& s : samplings)
        views.push_back({strided_of(s.source), s.axis(0), s.axis(1), s.axis(2)});
    unlocked([&] {
        for_each_slab(extents, threads, [&](const Slab& slab) {
            resample(views[slab.item], slab.first, slab.last, results[slab.item].data());
        });
    });
    return release_all(results);
}

nb::list border_distance_items(nb::sequence items, bool planar, std::size_t threads) {
    const std::vector<Inside> masks = masks_of(items);
    std::vector<Result<Distance>> results;
    std::vector<Extent> planes, rows;
    for (const Inside& m : masks) {
        results.emplace_back(std::vector<std::size_t>{m.shape(0), m.shape(1), m.shape(2)});
        const Shape s = mask_of(m).shape;
        planes.push_back({s.z, s.y * s.x, 0});
        rows.push_back({s.y, s.z * s.x, 0});
    }
    unlocked([&] {
        for_each_slab(planes, threads, [&](const Slab& slab) {
            border_distance_in_planes(mask_of(masks[slab.item]), slab.first, slab.last,
                                      results[slab.item].data());
        });
        if (planar) return;
        for_each_slab(rows, threads, [&](const Slab& slab) {
            border_distance_across_planes(mask_of(masks[slab.item]).shape, slab.first, slab.last,
                                          results[slab.item].data());
        });
    });
    return release_all(results);
}

nb::list surface_items(nb::sequence items, std::size_t threads) {
    const std::vector<Inside> masks = masks_of(items);
    std::vector<Result<std::int64_t>> results;
    std::vector<Extent> extents;
    for (const Inside& m : masks) {
        results.emplace_back(std::vector<std::size_t>{length(kPatterns)});
        const Shape s = mask_of(m).shape;
        extents.push_back({s.z + 1, (s.y + 1) * (s.x + 1), kPatterns});
    }
    unlocked([&] {
        count_in_slabs(extents, pointers(results), threads, [&](const Slab& slab, std::int64_t* sums) {
            surface(mask_of(masks[slab.item]), slab.first, slab.last, sums);
        });
    });
    return release_all(results);
}

// For kernels that fill one array of counts per ROI: count(roi, slab view, sums), then finish(roi, counts).
template <class ShapeOf, class Count, class Finish>
nb::list count_items(const std::vector<Roi>& rois, std::size_t threads, const ShapeOf& shape_of_counts,
                     const Count& count, const Finish& finish) {
    std::vector<Result<std::int64_t>> results;
    std::vector<Extent> extents;
    for (const Roi& roi : rois) {
        results.emplace_back(shape_of_counts(roi));
        extents.push_back(
            {roi.shape.z, roi.shape.y * roi.shape.x, static_cast<Index>(results.back().size())});
    }
    unlocked([&] {
        count_in_slabs(extents, pointers(results), threads, [&](const Slab& slab, std::int64_t* sums) {
            const Roi& roi = rois[slab.item];
            std::visit([&](const auto& view) { count(slab.item, view.slab(slab.first, slab.last), sums); },
                       roi.view);
        });
        parallel_for(rois.size(), threads, [&](std::size_t n) { finish(rois[n], results[n].data()); });
    });
    return release_all(results);
}

constexpr auto nothing_to_finish = [](const Roi&, std::int64_t*) {};

nb::list glcm_items(nb::sequence items, Table table, std::size_t threads) {
    const Offsets offsets = offsets_of(table);
    const auto shape = [&](const Roi& roi) {
        return std::vector<std::size_t>{offsets.size(), length(roi.n_levels), length(roi.n_levels)};
    };
    return count_items(
        rois_of(items), threads, shape,
        [&](std::size_t, const auto& slab, std::int64_t* sums) { glcm(slab, offsets, sums); },
        nothing_to_finish);
}

nb::list glrlm_items(nb::sequence items, Table table, std::size_t threads) {
    const Offsets offsets = at_most_13(offsets_of(table));
    const std::vector<Roi> rois = rois_of(items);
    const auto longest = [](const Roi& roi) { return std::max({roi.shape.z, roi.shape.y, roi.shape.x}); };
    const auto shape = [&](const Roi& roi) {
        return std::vector<std::size_t>{offsets.size(), length(roi.n_levels), length(longest(roi))};
    };
    return count_items(
        rois, threads, shape,
        [&](std::size_t n, const auto& slab, std::int64_t* sums) {
            glrlm(slab, offsets, longest(rois[n]), sums);
        },
        [&](const Roi& roi, std::int64_t* sums) {
            finish_glrlm(static_cast<Index>(offsets.size()) * roi.n_levels, longest(roi), sums);
        });
}

// The zones of one ROI, slab by slab.
template <class Level>
using SlabsOfZones = std::vector<std::unique_ptr<ZonesOfSlab<Level>>>;

template <class Level>
std::vector<std::int64_t> unite(SlabsOfZones<Level>& slabs) {
    std::vector<ZonesOfSlab<Level>*> in_order;
    for (const auto& slab : slabs) in_order.push_back(slab.get());
    std::vector<std::int64_t> rows = unite_zones(in_order);
    slabs.clear();
    return rows;
}

std::vector<std::vector<std::int64_t>> find_zones(const std::vector<Roi>& rois,
                                                  const Predecessors& predecessors,
                                                  const std::vector<Distances>& distances,
                                                  std::size_t threads) {
    using Found = std::variant<SlabsOfZones<std::uint8_t>, SlabsOfZones<std::uint16_t>>;
    std::vector<Extent> extents;
    std::vector<Found> found;
    for (const Roi& roi : rois) {
        extents.push_back({roi.shape.z, roi.shape.y * roi.shape.x, 0});
        if (roi.view.index() == 0)
            found.emplace_back(SlabsOfZones<std::uint8_t>());
        else
            found.emplace_back(SlabsOfZones<std::uint16_t>());
    }
    const std::vector<Slab> slabs = slabs_of(extents, threads);
    for (const Slab& slab : slabs) std::visit([&](auto& f) { f.resize(slab.parts); }, found[slab.item]);
    std::vector<std::vector<std::int64_t>> rows(rois.size());
    parallel_for(slabs.size(), threads, [&](std::size_t n) {
        const Slab& slab = slabs[n];
        const Distance* plane = nullptr;
        if (!distances.empty())
            plane = distances[slab.item].data() + slab.first * extents[slab.item].voxels_per_plane;
        const auto find = [&](const auto& view) {
            using Level = std::remove_const_t<std::remove_pointer_t<decltype(view.origin)>>;
            auto& mine = std::get<SlabsOfZones<Level>>(found[slab.item]);
            mine[slab.part] = std::make_unique<ZonesOfSlab<Level>>(view.slab(slab.first, slab.last),
                                                                   view.shape, predecessors, plane,
                                                                   slab.part > 0, slab.part + 1 < slab.parts);
            if (slab.parts == 1) rows[slab.item] = unite(mine);
        };
        std::visit(find, rois[slab.item].view);
    });
    parallel_for(rois.size(), threads, [&](std::size_t n) {
        const auto finish = [&](auto& f) {
            if (!f.empty()) rows[n] = unite(f);
        };
        std::visit(finish, found[n]);
    });
    return rows;
}

nb::list zones_items(nb::sequence items, Table table, nb::object distances, std::size_t threads) {
    const auto predecessors = predecessors_of(at_most_13(offsets_of(table)));
    const std::vector<Roi> rois = rois_of(items);
    std::vector<Distances> maps;
    if (!distances.is_none()) {
        for (nb::handle map : distances) maps.push_back(nb::cast<Distances>(map));
    }
    std::vector<std::vector<std::int64_t>> rows;
    unlocked([&] { rows = find_zones(rois, *predecessors, maps, threads); });
    nb::list list;
    for (const std::vector<std::int64_t>& found : rows) {
        Result<std::int64_t> result({found.size() / 4, 4});
        std::copy(found.begin(), found.end(), result.data());
        list.append(result.release());
    }
    return list;
}

nb::list neighborhood_items(nb::sequence items, Table table, std::int64_t alpha, std::size_t threads) {
    const Offsets offsets = offsets_of(table);
    const Index n_numbers = static_cast<Index>(offsets.size()) + 1;
    std::vector<Ints> values;
    for (nb::handle item : items) values.push_back(get<Ints>(item, "level_values"));
    const auto shape = [&](const Roi& roi) {
        return std::vector<std::size_t>{3, length(roi.n_levels), length(n_numbers)};
    };
    return count_items(
        rois_of(items), threads, shape,
        [&](std::size_t n, const auto& slab, std::int64_t* sums) {
            neighborhood(slab, offsets, {values[n].data(), alpha}, {sums, slab.n_levels, n_numbers});
        },
        nothing_to_finish);
}

nb::dict build_info() {
    nb::dict info;
    info["compiler"] = compiler_name();
    info["cpp_standard"] = static_cast<long>(__cplusplus);
    info["target"] = build_target();
    info["optimized"] = is_optimized();
    info["fast_math"] = is_fast_math();
#ifdef FASTTEX_CANARIES
    info["canary"] = planted;
#else
    info["canary"] = nb::none();
#endif
    return info;
}

}  // namespace

}  // namespace fasttex::python

NB_MODULE(FASTTEX_MODULE, m) {
    using namespace fasttex::python;
    m.def("discretize", discretize_items, nb::arg("items"), nb::arg("intensities"), nb::arg("threads"));
    m.def("resample", resample_items, nb::arg("items"), nb::arg("sources"), nb::arg("threads"));
    m.def("border_distance", border_distance_items, nb::arg("items"), nb::arg("planar"), nb::arg("threads"));
    m.def("surface", surface_items, nb::arg("items"), nb::arg("threads"));
    m.def("glcm", glcm_items, nb::arg("items"), nb::arg("offsets"), nb::arg("threads"));
    m.def("glrlm", glrlm_items, nb::arg("items"), nb::arg("offsets"), nb::arg("threads"));
    m.def("zones", zones_items, nb::arg("items"), nb::arg("offsets"), nb::arg("distances").none(),
          nb::arg("threads"));
    m.def("neighborhood", neighborhood_items, nb::arg("items"), nb::arg("offsets"), nb::arg("alpha"),
          nb::arg("threads"));
    bind_features(m);
    bind_whole(m);
    m.def("split_finely", [](bool finely) { fasttex::split_finely = finely; }, nb::arg("finely"));
    m.def("build_info", build_info);
    m.def("cpu_features", fasttex::cpu_features);
#ifdef FASTTEX_CANARIES
    m.def("plant", [](int bug) { fasttex::planted = bug; }, nb::arg("bug"));
    m.attr("CANARIES") = fasttex::kCanaries;
#endif
}
