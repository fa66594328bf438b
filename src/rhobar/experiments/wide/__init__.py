"""Networks in the limit of infinite width: Gaussian processes and constant kernels."""
