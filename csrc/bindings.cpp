// The Python module: one function per kernel, called once per batch, with the GIL released while it counts.
#include "bindings.hpp"

#include <nanobind/stl/vector.h>

#include "bindings_features.hpp"
#include "glcm.hpp"
#include "glrlm.hpp"
#include "host.hpp"
#include "neighborhood.hpp"
#include "surface.hpp"
#include "zones.hpp"

namespace fasttex::python {

namespace {

nb::list discretize_items(nb::sequence items, nb::sequence intensities, std::size_t threads) {
    using Levels = std::variant<Result<std::uint8_t>, Result<std::uint16_t>>;
    std::vector<BinningItem> binnings;
    std::vector<Levels> results;
    for (nb::handle item : items) {
        binnings.push_back(binning_of(item, intensities[binnings.size()]));
        const BinningView& view = binnings.back().view;
        const Shape& s = view.intensities.shape;
        const std::vector<std::size_t> shape = {length(s.z + 2 * view.pad), length(s.y + 2 * view.pad),
                                                length(s.x + 2 * view.pad)};
        results.push_back(view.n_levels <= 255 ? Levels(Result<std::uint8_t>(shape))
                                               : Levels(Result<std::uint16_t>(shape)));
    }
    run(results.size(), threads, [&](std::size_t n) {
        std::visit([&](auto& result) { discretize(binnings[n].view, result.data()); }, results[n]);
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
    for (nb::handle item : items) {
        SamplingItem s{nb::cast<Volume>(sources[samplings.size()]), {}, {}, {}};
        const nb::object axes = item.attr("axes");
        for (int n = 0; n < 3; ++n) {
            const nb::object axis = axes[n];
            s.lower[n] = get<Ints>(axis, "lower");
            s.upper[n] = get<Ints>(axis, "upper");
            s.weight[n] = get<Floats>(axis, "weight");
        }
        results.emplace_back(
            std::vector<std::size_t>{s.lower[0].shape(0), s.lower[1].shape(0), s.lower[2].shape(0)});
        samplings.push_back(std::move(s));
    }
    std::vector<SamplingView> views;
    for (const SamplingItem& s : samplings)
        views.push_back({strided_of(s.source), s.axis(0), s.axis(1), s.axis(2)});
    run(results.size(), threads, [&](std::size_t n) { resample(views[n], results[n].data()); });
    return release_all(results);
}

nb::list border_distance_items(nb::sequence items, bool planar, std::size_t threads) {
    const std::vector<Inside> masks = masks_of(items);
    std::vector<Result<Distance>> results;
    for (const Inside& m : masks)
        results.emplace_back(std::vector<std::size_t>{m.shape(0), m.shape(1), m.shape(2)});
    const Steps steps = planar ? Steps::in_slice : Steps::in_volume;
    run(results.size(), threads,
        [&](std::size_t n) { border_distance(mask_of(masks[n]), steps, results[n].data()); });
    return release_all(results);
}

nb::list surface_items(nb::sequence items, std::size_t threads) {
    const std::vector<Inside> masks = masks_of(items);
    std::vector<Result<std::int64_t>> results;
    for (std::size_t n = 0; n < masks.size(); ++n)
        results.emplace_back(std::vector<std::size_t>{length(kPatterns)});
    run(results.size(), threads, [&](std::size_t n) { surface(mask_of(masks[n]), results[n].data()); });
    return release_all(results);
}

// For kernels that fill one array of counts per ROI.
template <class ShapeOf, class Kernel>
nb::list count_items(nb::sequence items, std::size_t threads, const ShapeOf& shape, const Kernel& kernel) {
    const std::vector<Roi> rois = rois_of(items);
    std::vector<Result<std::int64_t>> results;
    for (const Roi& roi : rois) results.emplace_back(shape(roi));
    run(rois.size(), threads, [&](std::size_t n) {
        std::visit([&](const auto& view) { kernel(view, results[n].data()); }, rois[n].view);
    });
    return release_all(results);
}

nb::list glcm_items(nb::sequence items, Table table, std::size_t threads) {
    const Offsets offsets = offsets_of(table);
    const auto shape = [&](const Roi& roi) {
        return std::vector<std::size_t>{offsets.size(), length(roi.n_levels), length(roi.n_levels)};
    };
    return count_items(items, threads, shape,
                       [&](const auto& roi, auto* counts) { glcm(roi, offsets, counts); });
}

nb::list glrlm_items(nb::sequence items, Table table, std::size_t threads) {
    const Offsets offsets = offsets_of(table);
    const auto shape = [&](const Roi& roi) {
        const Index longest = std::max({roi.shape.z, roi.shape.y, roi.shape.x});
        return std::vector<std::size_t>{offsets.size(), length(roi.n_levels), length(longest)};
    };
    return count_items(items, threads, shape,
                       [&](const auto& roi, auto* counts) { glrlm(roi, offsets, counts); });
}

nb::list zones_items(nb::sequence items, Table table, nb::sequence distances, std::size_t threads) {
    if (table.shape(0) > kMaxPredecessors)
        throw nb::value_error("zones takes at most 13 offsets: one of each pair");
    const auto predecessors = predecessors_of(offsets_of(table));
    const std::vector<Roi> rois = rois_of(items);
    std::vector<Distances> maps;
    for (nb::handle map : distances) maps.push_back(nb::cast<Distances>(map));
    std::vector<std::vector<std::int64_t>> rows(rois.size());
    run(rois.size(), threads, [&](std::size_t n) {
        std::visit([&](const auto& view) { rows[n] = zones(view, *predecessors, maps[n].data()); },
                   rois[n].view);
    });
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
    const std::vector<Roi> rois = rois_of(items);
    std::vector<Ints> values;
    std::vector<Result<std::int64_t>> sums, voxels, dependences;
    for (nb::handle item : items) {
        values.push_back(get<Ints>(item, "level_values"));
        const std::vector<std::size_t> shape = {length(get<Index>(item, "n_levels")), length(n_numbers)};
        for (auto* results : {&sums, &voxels, &dependences}) results->emplace_back(shape);
    }
    run(rois.size(), threads, [&](std::size_t n) {
        const NeighborhoodCounts counts{sums[n].data(), voxels[n].data(), dependences[n].data(), n_numbers};
        const LevelValues levels{values[n].data(), alpha};
        std::visit([&](const auto& view) { neighborhood(view, offsets, levels, counts); }, rois[n].view);
    });
    nb::list list;
    for (std::size_t n = 0; n < rois.size(); ++n) {
        list.append(nb::make_tuple(sums[n].release(), voxels[n].release(), dependences[n].release()));
    }
    return list;
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
    m.def("zones", zones_items, nb::arg("items"), nb::arg("offsets"), nb::arg("distances"),
          nb::arg("threads"));
    m.def("neighborhood", neighborhood_items, nb::arg("items"), nb::arg("offsets"), nb::arg("alpha"),
          nb::arg("threads"));
    bind_features(m);
    m.def("build_info", build_info);
    m.def("cpu_features", fasttex::cpu_features);
#ifdef FASTTEX_CANARIES
    m.def("plant", [](int bug) { fasttex::planted = bug; }, nb::arg("bug"));
    m.attr("CANARIES") = fasttex::kCanaries;
#endif
}
