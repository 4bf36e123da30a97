//! The coefficients of Dormand & Prince's pair of orders 5 and 4 (1980), whose last stage is the first stage of the next step.

/// The nodes c_i.
pub(super) const NODES: [f64; 7] = [0.0, 1.0 / 5.0, 3.0 / 10.0, 4.0 / 5.0, 8.0 / 9.0, 1.0, 1.0];

/// The rows a_ij. The last row is also the weights of order 5.
pub(super) const STAGES: [&[f64]; 7] = [
    &[],
    &[1.0 / 5.0],
    &[3.0 / 40.0, 9.0 / 40.0],
    &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0],
    &[19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0],
    &[9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0],
    &[35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
];

/// The weights of the error estimate: those of order 5 minus those of order 4.
pub(super) const ERROR: [f64; 7] =
    [71.0 / 57600.0, 0.0, -71.0 / 16695.0, 71.0 / 1920.0, -17253.0 / 339_200.0, 22.0 / 525.0, -1.0 / 40.0];

/// The factor of the step size after a step with an error in units of the tolerance: .9·error^(−1/5), limited to [1/5, 10].
pub(super) fn step_factor(error: f64) -> f64 {
    if !error.is_finite() {
        return 0.2;
    }
    (0.9 * error.max(1e-10).powf(-0.2)).clamp(0.2, 10.0)
}
