//! Strategies: every schedule, process, output, weighting and data there is, with random parameters.

use core::fmt;
use ndarray::Array2;
use proptest::prelude::*;
use tweedie_math::{
    ContinuousCosine, DiscreteVp, Edm, GaussianData, Mixture, NoiseLevel, Parameterization, Process,
    Schedule, SubVpSde, VeSde, VpSde, Weighting,
};

/// β from 10⁻⁶ to .9: 200 of them leave a signal that f64 still squares.
pub fn any_beta() -> impl Strategy<Value = f64> {
    (-13.8..-0.1).prop_map(f64::exp)
}

/// A variance-preserving schedule for a number of levels, not made of another.
fn plain_schedule(steps: usize) -> BoxedStrategy<Schedule> {
    let ends = || (any_beta(), any_beta());
    // The greatest β that there is after scaling by 1000/T is .9.
    let scaled = move |beta: f64| beta * steps as f64 / 1000.0;
    let share = prop_oneof![Just(0.0), Just(1.0), 0.0..1.0];
    let cap = 0.5..0.9999;
    prop_oneof![
        ends().prop_map(|(beta_start, beta_end)| Schedule::Linear { beta_start, beta_end }),
        ends().prop_map(move |(start, end)| {
            Schedule::ScaledLinear { beta_start: scaled(start), beta_end: scaled(end) }
        }),
        ends().prop_map(|(beta_start, beta_end)| Schedule::Quadratic { beta_start, beta_end }),
        any_beta().prop_map(|beta| Schedule::Constant { beta }),
        (ends(), share).prop_map(|((beta_start, beta_end), share)| Schedule::WarmUp {
            beta_start,
            beta_end,
            share
        }),
        Just(Schedule::Binomial {}),
        (0.0..1.0, cap.clone()).prop_map(|(offset, max_beta)| Schedule::Cosine { offset, max_beta }),
        ends().prop_map(|(beta_start, beta_end)| Schedule::Sigmoid { beta_start, beta_end }),
        (-9.0..5.0, 0.5..14.0, 0.1..3.0, cap).prop_map(|(start, rise, temperature, max_beta)| {
            Schedule::SigmoidAlphaBar { start, end: start + rise, temperature, max_beta }
        }),
        (prop::collection::vec(any_beta(), steps), any::<bool>()).prop_map(|(mut betas, to_nothing)| {
            let last = betas.len() - 1;
            betas[last] = if to_nothing { 1.0 } else { betas[last] };
            Schedule::Explicit { betas }
        }),
        (prop::collection::vec(any_beta(), steps), any::<bool>()).prop_map(|(betas, to_nothing)| {
            let mut product = 1.0;
            let mut alpha_bars: Vec<f64> = betas
                .iter()
                .map(|beta| {
                    product *= 1.0 - beta;
                    product
                })
                .collect();
            let last = alpha_bars.len() - 1;
            alpha_bars[last] = if to_nothing { 0.0 } else { alpha_bars[last] };
            Schedule::ExplicitAlphaBars { alpha_bars }
        }),
    ]
    .boxed()
}

/// A variance-preserving schedule and its number of levels, 1 to 200.
pub fn any_vp_schedule() -> impl Strategy<Value = (Schedule, usize)> {
    prop_oneof![Just(1usize), Just(2), 1usize..200].prop_flat_map(|steps| {
        let plain = plain_schedule(steps).boxed();
        let zero = plain_schedule(steps).prop_map(|of| Schedule::ZeroTerminalSnr { of: Box::new(of) });
        let any = if steps < 2 { plain } else { prop_oneof![2 => plain, 1 => zero].boxed() };
        any.prop_map(move |schedule| (schedule, steps))
    })
}

/// Any schedule and its number of levels.
pub fn any_schedule() -> impl Strategy<Value = (Schedule, usize)> {
    let flow = (0.1..10.0, 1usize..200).prop_map(|(shift, steps)| (Schedule::RectifiedFlow { shift }, steps));
    prop_oneof![12 => any_vp_schedule(), 1 => flow, 3 => any_continuous_schedule()]
}

/// The schedule of a continuous process and the number of levels through which it is seen, 1 to 200.
pub fn any_continuous_schedule() -> impl Strategy<Value = (Schedule, usize)> {
    let rates =
        || (-4.0..1.0f64, 0.0..30.0).prop_map(|(log_min, rise)| (log_min.exp(), log_min.exp() + rise));
    let sigmas =
        || (-7.0..0.0f64, 1.0..12.0f64).prop_map(|(log_min, rise)| (log_min.exp(), (log_min + rise).exp()));
    let schedule = prop_oneof![
        rates().prop_map(|(beta_min, beta_max)| Schedule::Vp { beta_min, beta_max }),
        rates().prop_map(|(beta_min, beta_max)| Schedule::SubVp { beta_min, beta_max }),
        sigmas().prop_map(|(sigma_min, sigma_max)| Schedule::Ve { sigma_min, sigma_max }),
        sigmas().prop_map(|(sigma_min, sigma_max)| Schedule::Edm { sigma_min, sigma_max }),
        prop_oneof![Just(0.0), Just(0.008), 0.0..1.0]
            .prop_map(|offset| Schedule::ContinuousCosine { offset }),
    ];
    (schedule, prop_oneof![Just(1usize), Just(2), 1usize..200])
}

/// A discrete variance-preserving process.
pub fn any_vp() -> impl Strategy<Value = DiscreteVp> {
    any_vp_schedule().prop_map(|(schedule, steps)| DiscreteVp::new(&schedule, steps).unwrap())
}

/// A process with a name for messages.
pub struct Named {
    pub process: Box<dyn Process>,
    name: String,
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

fn named<P: Process + fmt::Debug + 'static>(process: P) -> Named {
    Named { name: format!("{process:?}"), process: Box::new(process) }
}

/// A process in continuous time.
pub fn any_continuous() -> impl Strategy<Value = Named> {
    let rates = || (-4.0..1.0, 0.0..30.0).prop_map(|(log_min, rise): (f64, f64)| (log_min.exp(), rise));
    prop_oneof![
        rates().prop_map(|(min, rise)| named(VpSde::new(min, min + rise).unwrap())),
        rates().prop_map(|(min, rise)| named(SubVpSde::new(min, min + rise).unwrap())),
        (-7.0..0.0, 1.0..12.0).prop_map(|(log_min, log_ratio): (f64, f64)| {
            named(VeSde::new(log_min.exp(), (log_min + log_ratio).exp()).unwrap())
        }),
        prop_oneof![Just(0.0), Just(0.008), 0.0..1.0]
            .prop_map(|offset| named(ContinuousCosine::new(offset).unwrap())),
        (-1.0..7.0).prop_map(|log_max: f64| named(Edm::new(log_max.exp()).unwrap())),
    ]
}

/// Any process, discrete or continuous.
pub fn any_process() -> impl Strategy<Value = Named> {
    let discrete = any_schedule().prop_map(|(schedule, steps)| Named {
        process: schedule.process(steps).unwrap(),
        name: format!("{steps} levels of {schedule:?}"),
    });
    prop_oneof![discrete, any_continuous()]
}

/// Shares of the last time, ascending: both ends, close to both ends, and some between.
pub fn any_shares() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.001..1.0, 2..12).prop_map(|gaps| {
        let (total, mut sum): (f64, f64) = (gaps.iter().sum(), 0.0);
        let mut shares = vec![0.0, 1e-6];
        for gap in &gaps[1..] {
            sum += gap;
            shares.push(sum / total);
        }
        shares.extend([1.0 - 1e-6, 1.0]);
        shares
    })
}

/// Any parameterisation.
pub fn any_output() -> impl Strategy<Value = Parameterization> {
    use Parameterization::{Edm, Epsilon, PosteriorMean, Score, V, Velocity, X0};
    let edm = (0.1..2.0).prop_map(|sigma_data| Edm { sigma_data });
    prop_oneof![Just(Epsilon), Just(X0), Just(V), Just(Velocity), Just(Score), Just(PosteriorMean), edm]
}

/// What a loss may weigh.
pub fn any_weighting() -> impl Strategy<Value = Weighting> {
    use Weighting::{Edm, MinSnr, P2, Simple, SnrPlusOne, TruncatedSnr, Vlb};
    prop_oneof![
        Just(Simple {}),
        Just(SnrPlusOne {}),
        Just(TruncatedSnr {}),
        (0.1..20.0).prop_map(|gamma| MinSnr { gamma }),
        (0.1..3.0, 0.0..3.0).prop_map(|(k, gamma)| P2 { k, gamma }),
        (0.1..2.0).prop_map(|sigma_data| Edm { sigma_data }),
        Just(Vlb {}),
    ]
}

/// Gaussian data of some dimensions with any covariance, its least variance .01 or more.
fn gaussian(dimensions: usize) -> impl Strategy<Value = GaussianData> {
    let mean = prop::collection::vec(-2.0..2.0, dimensions);
    let root = prop::collection::vec(-1.0..1.0, dimensions * dimensions);
    (mean, root, 0.01..0.5).prop_map(move |(mean, root, least)| {
        let root = Array2::from_shape_vec((dimensions, dimensions), root).unwrap();
        let least: Array2<f64> = least * Array2::eye(dimensions);
        GaussianData::new(mean, &(root.dot(&root.t()) + least)).unwrap()
    })
}

/// Gaussian data of 1 to 4 dimensions.
pub fn any_gaussian_data() -> impl Strategy<Value = GaussianData> {
    (1usize..=4).prop_flat_map(gaussian)
}

/// A mixture of 1 to 4 Gaussians in 1 to 4 dimensions.
pub fn any_mixture() -> impl Strategy<Value = Mixture> {
    (1usize..=4).prop_flat_map(|dimensions| {
        prop::collection::vec((0.1..1.0, gaussian(dimensions)), 1..=4)
            .prop_map(|components| Mixture::new(components).unwrap())
    })
}

/// Levels from clean to noisy, 1 to 9, each noisier by .01 or more in log-SNR; of a process that preserves its variance, or scales x as
/// it likes.
pub fn any_levels() -> impl Strategy<Value = Vec<NoiseLevel>> {
    let gaps = prop::collection::vec((0.01..3.0, 0.2..5.0), 1..10);
    (-2.0..8.0, gaps, any::<bool>()).prop_map(|(first, gaps, preserves)| {
        let mut log_snr: f64 = first;
        gaps.into_iter()
            .map(|(gap, size)| {
                log_snr -= gap;
                crate::level(log_snr, if preserves { 1.0 } else { size })
            })
            .collect()
    })
}
