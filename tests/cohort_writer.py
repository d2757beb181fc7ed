"""A process that commits cases for ever and says so; made to be killed."""

import sys

from cohort_made import RECIPE, case, result

from fasttex.cohort.journal import Journal

with Journal.open(sys.argv[1], write=True) as journal:
    cases = [case(f"case{n:04d}") for n in range(4000)]
    journal.begin(cases, RECIPE)
    for n, one in enumerate(cases):
        if journal.state_of(one.name)[0] != "done":
            journal.start(one.name)
            journal.commit(one.name, f"key{n}", result(n))
            print(one.name, flush=True)
