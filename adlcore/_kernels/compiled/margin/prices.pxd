"""What a price is solved for: positions, and the terms that a contract's tiers and fee set."""


cdef struct ExposureColumns:
    Py_ssize_t count
    const double* quantity  # NULL, as all, where there are no rows
    const double* opposite  # NULL where there is none
    const double* entry_value
    const double* budget


cdef struct TermColumns:
    Py_ssize_t tiers
    double* amount
    double* long_slope  # of equity less margin, for a lot of a long, by tier
    double* short_slope
    double kept_share
    double value_at_one
    bint inverse


cdef class Exposures:
    # The views keep what `columns` points to.
    cdef ExposureColumns columns
    cdef const double[::1] quantity, entry_value, budget, opposite


cdef class PriceTerms:
    cdef TermColumns columns  # its arrays are the holder's own
