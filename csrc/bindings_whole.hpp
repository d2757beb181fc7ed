// What of the module concerns whole ROIs: their compiled features, and what a mask or label map looks like.
// Included by bindings.cpp alone.
#pragma once

#include "bindings.hpp"
#include "features_histogram.hpp"
#include "features_ivh.hpp"
#include "features_morphology.hpp"
#include "label_box.hpp"
#include "local_peaks.hpp"
#include "mask_geometry.hpp"
#include "mesh_diameters.hpp"
#include "runs.hpp"
#include "surface.hpp"

namespace fasttex::python {

using Doubles = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

// A row of features per item; `fill(n, row)` runs without the GIL.
template <class Fill>
nb::object rows_of(std::size_t n_items, Index n_features, std::size_t threads, const Fill& fill) {
    Result<double> rows({n_items, length(n_features)});
    double* first = rows.data();
    {
        const nb::gil_scoped_release unlocked;
        parallel_for(n_items, threads, [&](std::size_t n) { fill(n, first + n * length(n_features)); });
    }
    return rows.release();
}

inline nb::object intensity_statistics_rows(nb::sequence samples, bool excess_kurtosis, std::size_t threads) {
    std::vector<Doubles> x;
    for (nb::handle sample : samples) x.push_back(nb::cast<Doubles>(sample));
    return rows_of(x.size(), kStatistics, threads, [&](std::size_t n, double* row) {
        intensity_statistics(x[n].data(), static_cast<Index>(x[n].shape(0)), excess_kurtosis, row);
    });
}

inline double shifted_energy_of(const Doubles& x, double shift) {
    const nb::gil_scoped_release unlocked;
    return shifted_energy(x.data(), static_cast<Index>(x.shape(0)), shift);
}

inline nb::object ivh_rows(nb::sequence axes, std::size_t threads) {
    std::vector<Doubles> values;
    std::vector<IvhView> views;
    for (nb::handle axis : axes) {
        values.push_back(get<Doubles>(axis, "values"));
        views.push_back({values.back().data(), static_cast<Index>(values.back().shape(0)),
                         get<double>(axis, "low"), get<double>(axis, "high"), get<double>(axis, "step")});
    }
    return rows_of(views.size(), kIvhFeatures, threads,
                   [&](std::size_t n, double* row) { ivh(views[n], row); });
}

inline nb::object intensity_histogram_rows(nb::sequence items, bool excess_kurtosis, std::size_t threads) {
    const std::vector<Roi> rois = rois_of(items);
    std::vector<Ints> values;
    for (nb::handle item : items) values.push_back(get<Ints>(item, "level_values"));
    return rows_of(rois.size(), kHistogramFeatures, threads, [&](std::size_t n, double* row) {
        std::visit(
            [&](const auto& view) { intensity_histogram(view, values[n].data(), excess_kurtosis, row); },
            rois[n].view);
    });
}

// How many voxels each level has, 0 (outside) not counted: int64 (n_levels + 1,).
inline nb::object level_counts_of(const Volume& buffer, Index n_levels) {
    const Roi roi = roi_of(buffer, {0, 0, 0}, shape_of(buffer), n_levels);
    Result<std::int64_t> result({length(n_levels) + 1});
    unlocked([&] {
        const auto counts =
            std::visit([](const auto& view) { return histogram_detail::level_counts(view); }, roi.view);
        std::copy(counts.begin() + 1, counts.end(), result.data() + 1);
    });
    return result.release();
}

inline nb::object morphology_rows(nb::sequence items, nb::sequence cases, nb::sequence areas, Doubles volumes,
                                  std::size_t threads) {
    const std::vector<Roi> rois = rois_of(items);
    const std::vector<Inside> masks = masks_of(items);
    std::vector<Ints> counted;
    std::vector<Doubles> area_tables, intensities;
    std::vector<MorphologyView> views;
    for (nb::handle item : items) {
        const std::size_t n = views.size();
        counted.push_back(nb::cast<Ints>(cases[n]));
        area_tables.push_back(nb::cast<Doubles>(areas[n]));
        intensities.push_back(get<Doubles>(item, "intensities"));
        const nb::object s = item.attr("spacing_mm");
        views.push_back({mask_of(masks[n]),
                         counted[n].data(),
                         area_tables[n].data(),
                         volumes.data(),
                         intensities[n].data(),
                         static_cast<Index>(intensities[n].shape(0)),
                         {nb::cast<double>(s[0]), nb::cast<double>(s[1]), nb::cast<double>(s[2])}});
    }
    return rows_of(views.size(), kMorphologyFeatures, threads, [&](std::size_t n, double* row) {
        std::visit([&](const auto& view) { morphology(views[n], view, row); }, rois[n].view);
    });
}

inline Sphere sphere_of(const Table& rows, Shape reach) {
    Sphere sphere{reach, {}};
    for (const Offset& row : offsets_of(rows)) sphere.rows.push_back({row.z, row.y, row.x});
    return sphere;
}

inline nb::object local_intensity_rows(nb::sequence items, nb::sequence images, nb::sequence starts,
                                       nb::sequence spheres, nb::sequence reaches, std::size_t threads) {
    const std::vector<Roi> rois = rois_of(items);
    std::vector<Volume> volumes;
    std::vector<Strided> around;
    std::vector<Shape> start;
    std::vector<Sphere> sphere;
    for (std::size_t n = 0; n < rois.size(); ++n) {
        volumes.push_back(nb::cast<Volume>(images[n]));
        around.push_back(strided_of(volumes.back()));
        start.push_back(shape_of(starts[n]));
        sphere.push_back(sphere_of(nb::cast<Table>(spheres[n]), shape_of(reaches[n])));
    }
    return rows_of(rois.size(), kPeaks, threads, [&](std::size_t n, double* row) {
        std::visit([&](const auto& view) { local_intensity(around[n], start[n], view, sphere[n], row); },
                   rois[n].view);
    });
}

inline nb::tuple triple_of(const Shape& s) { return nb::make_tuple(s.z, s.y, s.x); }

inline MaskSummary summary_of(const Inside& mask, Contact contact) {
    const nb::gil_scoped_release unlocked;
    return summarize(mask_of(mask), contact);
}

// Voxels, pieces, first and stop of the box, each along (z, y, x).
inline nb::tuple mask_summary(const Inside& mask) {
    const MaskSummary found = summary_of(mask, Contact::corners);
    return nb::make_tuple(found.voxels, found.pieces, triple_of(found.first), triple_of(found.stop));
}

// Voxels, pieces that do not touch at a face, and the sums of the voxels' indices along (z, y, x).
inline nb::tuple pieces_and_sums(const Inside& mask) {
    const MaskSummary found = summary_of(mask, Contact::faces);
    return nb::make_tuple(found.voxels, found.pieces, triple_of(found.sum));
}

inline nb::tuple tuple_of(const Triple& t) { return nb::make_tuple(t[0], t[1], t[2]); }

// Voxels, Σ k along each axis, Σ k·l for each two, and from which voxel to which they extend.
inline nb::tuple voxel_centers(const Inside& mask) {
    VoxelCenters found;
    {
        const nb::gil_scoped_release unlocked;
        found = centers_of(mask_of(mask));
    }
    const auto second = [&](int i) {
        return nb::make_tuple(found.second[i][0], found.second[i][1], found.second[i][2]);
    };
    return nb::make_tuple(found.n, tuple_of(found.first), nb::make_tuple(second(0), second(1), second(2)),
                          tuple_of(found.low), tuple_of(found.high));
}

// Across z, y and x, and in space.
inline nb::tuple mesh_diameters_of(const Inside& mask, double z_mm, double y_mm, double x_mm) {
    std::array<double, 4> found;
    {
        const nb::gil_scoped_release unlocked;
        found = mesh_diameters(mask_of(mask), {z_mm, y_mm, x_mm});
    }
    return nb::make_tuple(found[0], found[1], found[2], found[3]);
}

// int64 (256, 4): by pattern how many cubes, and the sums of their indices.
inline nb::object surface_places_of(const Inside& mask) {
    Result<std::int64_t> sums({length(kPatterns), 4});
    {
        const nb::gil_scoped_release unlocked;
        surface_places(mask_of(mask), sums.data());
    }
    return sums.release();
}

// Whether a volume's voxels lie in C order, without gaps.
inline bool is_contiguous(const Strided& v, Index item) {
    return v.stride.x == item && v.stride.y == v.shape.x * item && v.stride.z == v.shape.y * v.shape.x * item;
}

// Calls find(voxels) for what lies in C order, as unsigned integers of its size.
template <class Find>
void as_unsigned(const Volume& labels, const Find& find) {
    const nb::gil_scoped_release unlocked;
    switch (labels.itemsize()) {
        case 1:
            return find(static_cast<const std::uint8_t*>(labels.data()));
        case 2:
            return find(static_cast<const std::uint16_t*>(labels.data()));
        case 4:
            return find(static_cast<const std::uint32_t*>(labels.data()));
        default:
            return find(static_cast<const std::uint64_t*>(labels.data()));
    }
}

// int64 (n_labels, 6), or None for a dtype or layout that is not read here.
inline nb::object boxes_of_labels(const Volume& labels, Index n_labels) {
    const Strided view = strided_of(labels);
    if (!is_contiguous(view, static_cast<Index>(labels.itemsize()))) return nb::none();
    Result<std::int64_t> result({length(n_labels), 6});
    as_unsigned(labels, [&](const auto* voxels) {
        const auto box = label_boxes(voxels, view.shape, n_labels);
        std::copy(box.begin(), box.end(), result.data());
    });
    return result.release();
}

// The first voxel and the stop of a label's box, each along (z, y, x); None for a label that does not occur.
// Integers in C order; of the label count as many bits as they have.
inline nb::object box_of_label(const nb::ndarray<nb::ro, nb::ndim<3>, nb::c_contig, nb::device::cpu>& labels,
                               std::uint64_t label) {
    LabelBox box;
    as_unsigned(Volume(labels), [&](const auto* voxels) {
        using Label = std::decay_t<decltype(*voxels)>;
        const Shape shape{static_cast<Index>(labels.shape(0)), static_cast<Index>(labels.shape(1)),
                          static_cast<Index>(labels.shape(2))};
        box = label_box(voxels, shape, static_cast<Label>(label));
    });
    if (box.stop.z == 0) return nb::none();
    return nb::make_tuple(triple_of(box.first), triple_of(box.stop));
}

// The intensities inside a mask, in C order.
inline nb::object values_inside(const Volume& intensities, const Volume& mask, Index n_voxels) {
    const Strided x = strided_of(intensities), inside = strided_of(mask);
    Result<double> result({length(n_voxels)});
    {
        const nb::gil_scoped_release unlocked;
        gather(x, inside, result.data());
    }
    return result.release();
}

inline void bind_whole(nb::module_& m) {
    m.def("intensity_statistics", intensity_statistics_rows, nb::arg("samples"), nb::arg("excess_kurtosis"),
          nb::arg("threads"));
    m.def("shifted_energy", shifted_energy_of, nb::arg("sample"), nb::arg("shift"));
    m.def("intensity_histogram", intensity_histogram_rows, nb::arg("items"), nb::arg("excess_kurtosis"),
          nb::arg("threads"));
    m.def("level_counts", level_counts_of, nb::arg("buffer"), nb::arg("n_levels"));
    m.def("ivh", ivh_rows, nb::arg("axes"), nb::arg("threads"));
    m.def("morphology", morphology_rows, nb::arg("items"), nb::arg("cases"), nb::arg("areas"),
          nb::arg("volumes"), nb::arg("threads"));
    m.def("local_intensity", local_intensity_rows, nb::arg("items"), nb::arg("images"), nb::arg("starts"),
          nb::arg("spheres"), nb::arg("reaches"), nb::arg("threads"));
    m.def("mask_summary", mask_summary, nb::arg("mask"));
    m.def("pieces_and_sums", pieces_and_sums, nb::arg("mask"));
    m.def("voxel_centers", voxel_centers, nb::arg("mask"));
    m.def("mesh_diameters", mesh_diameters_of, nb::arg("mask"), nb::arg("z_mm"), nb::arg("y_mm"),
          nb::arg("x_mm"));
    m.def("surface_places", surface_places_of, nb::arg("mask"));
    m.def("label_boxes", boxes_of_labels, nb::arg("labels"), nb::arg("n_labels"));
    m.def("label_box", box_of_label, nb::arg("labels"), nb::arg("label"));
    m.def("values_inside", values_inside, nb::arg("intensities"), nb::arg("mask"), nb::arg("n_voxels"));
}

}  // namespace fasttex::python
