"""One module per peer: how it is installed, and how each row of the comparison is done with it.

An adapter has

- ``REQUIREMENTS``: what pip installs, beside fasttex's wheel.
- ``DISTRIBUTION``: whose version the table names.
- ``FAMILIES``: the texture families it has, as fasttex calls them.
- ``AGGREGATION``: how its GLCM and GLRLM are put together, "3d_averaged" or "3d_merged".
- ``NOTE``: what a reader of its rows must know.
- ``SKIP``: patterns of "row/case" that it cannot do, or that would take it long; the note says why.
- ``VENV``, if it is in a package that fasttex needs anyway: the venv "fasttex".
- one function per row of `peers._rows` that it can do: it takes a `peers._cases.Case`, prepares what is not
  timed, and returns a function without arguments that is timed.
- ``values(row, output)``: what that function returned, as numbers by fasttex's names
  (``<family>_<feature>``), or arrays of counts by the matrix' name, for the check that both agree.
- ``file_to_csv(image, mask, output)``, if it reads files: features at bin width 25, imports included.

`_fasttex` is our side: the same functions, with the peer's adapter as a second argument that says which
families and which aggregation are wanted. Modules of this folder are imported as ``peers.x`` only, so that
``import mirp`` finds the peer.
"""
