// Planted bugs: they prove that the agreement tests would notice a real one.
//
// An agreement test that never failed may be blind. Built with -DFASTTEX_CANARIES, each use of
// FASTTEX_PLANTED(n, right, wrong) answers `wrong` once bug n was chosen by `_cpp.plant(n)`, and `right`
// otherwise; tests/agreement/test_canaries_cpp.py expects a difference from the reference for every n from 1
// to kCanaries, and of features from 40 on, and none for 0. Without the macro only `right` is compiled.
#pragma once

#ifdef FASTTEX_CANARIES
namespace fasttex {
constexpr int kCanaries = 19;
inline int planted = 0;
}  // namespace fasttex
#define FASTTEX_PLANTED(n, right, wrong) (::fasttex::planted == (n) ? (wrong) : (right))
#else
#define FASTTEX_PLANTED(n, right, wrong) (right)
#endif
