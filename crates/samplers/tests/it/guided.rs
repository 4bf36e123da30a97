//! Guidance on Gaussian classes, where the conditional denoiser is known.

use crate::processes::mixture;
use crate::{Batch, Zeros, all_within, level};
use ndarray::{Array1, Axis, array};
use proptest::prelude::*;
use std::cell::Cell;
use tweedie_math::{GaussianData, Mixture, NoiseLevel, Oracle, Transition};
use tweedie_samplers::{
    ClassifierGuided, Denoiser, Error, Estimate, Exact, Extrapolated, Extrapolation, Guide, Levels, Path,
    ReverseVariance, StreamNoise, ddpm, ddpm_guided,
};

/// ∇ ln p(y | x_t) = ∇ ln q(x_t | y) − ∇ ln q(x_t), for class y of a mixture.
struct Classifier<'a> {
    data: &'a Mixture,
    class: usize,
}

impl Guide<Batch> for Classifier<'_> {
    fn log_density_gradient(&self, x: &Batch, at: Levels<'_>) -> Result<Batch, Error> {
        let mut gradient = x.clone();
        for (i, row) in x.rows().into_iter().enumerate() {
            let (point, at) = (row.to_vec(), at.get(i));
            let of_class = Array1::from(self.data.components()[self.class].score(&point, at));
            gradient.row_mut(i).assign(&(of_class - Array1::from(self.data.score(&point, at))));
        }
        Ok(gradient)
    }
}

/// A denoiser that counts its evaluations.
struct Counted<D>(D, Cell<usize>);

impl<D: Denoiser<Batch>> Denoiser<Batch> for Counted<D> {
    fn denoise(&self, x: &Batch, at: Levels<'_>) -> Result<Estimate<Batch>, Error> {
        self.1.set(self.1.get() + 1);
        self.0.denoise(x, at)
    }
}

fn points() -> impl Strategy<Value = Batch> {
    let numbers = prop::collection::vec(-2.0..2.0, 6);
    numbers.prop_map(|numbers| Batch::from_shape_vec((3, 2), numbers).unwrap())
}

fn levels() -> impl Strategy<Value = Vec<NoiseLevel>> {
    prop::collection::vec((-5.0..4.0).prop_map(level), 3)
}

/// (class 1, the whole mixture) as better and worse, at some weight.
fn extrapolated<'a>(
    better: &'a GaussianData,
    worse: &'a Mixture,
    weight: f64,
) -> Extrapolated<Exact<'a, GaussianData>, Counted<Exact<'a, Mixture>>> {
    by(better, worse, Extrapolation::new(weight))
}

/// (class 1, the whole mixture) as better and worse.
fn by<'a>(
    better: &'a GaussianData,
    worse: &'a Mixture,
    how: Extrapolation,
) -> Extrapolated<Exact<'a, GaussianData>, Counted<Exact<'a, Mixture>>> {
    Extrapolated { better: Exact(better), worse: Counted(Exact(worse), Cell::new(0)), how }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Bayes' rule: the unconditional denoiser with the exact classifier at scale 1 is the class's own. x̂_0 is moved by n²/s times
    /// the gradient, whose roundings of 1/n² it takes along.
    #[test]
    fn the_exact_classifier_makes_the_class(x in points(), at in levels(), class in 0usize..2) {
        let data = mixture();
        let guided = ClassifierGuided { inner: Exact(&data), guide: Classifier { data: &data, class }, scale: 1.0 };
        let found = guided.denoise(&x, Levels::Each(&at)).unwrap();
        let expected = Exact(&data.components()[class]).denoise(&x, Levels::Each(&at)).unwrap();
        all_within(&found.x0, &expected.x0, 1e-12);
        all_within(&found.eps, &expected.eps, 1e-12);
    }

    /// Any scale moves x̂_0 and ε̂ together: they still describe x.
    #[test]
    fn guided_estimates_describe_x(x in points(), at in levels(), scale in -3.0..10.0, rescale in 0.0..=1.0) {
        let data = mixture();
        let class = &data.components()[1];
        let guide = Classifier { data: &data, class: 1 };
        let by_classifier = ClassifierGuided { inner: Exact(&data), guide, scale };
        let beyond = extrapolated(class, &data, scale);
        let rescaled = by(class, &data, Extrapolation { rescale, ..Extrapolation::new(scale) });
        for guided in [&by_classifier as &dyn Denoiser<Batch>, &beyond, &rescaled] {
            let found = guided.denoise(&x, Levels::Each(&at)).unwrap();
            for (i, at) in at.iter().enumerate() {
                let again = at.signal_rate() * &found.x0.row(i) + at.noise_rate() * &found.eps.row(i);
                let off = (&again - &x.row(i)).iter().fold(0.0, |m: f64, off| m.max(off.abs()));
                // Roundings of x̂_0, of the size of the scale/s.
                prop_assert!(off < 1e-12, "off by {off:e}");
            }
        }
    }

    /// w = 1 is the better estimate, without an evaluation of the worse one; w = 0 is the worse estimate. The result is linear in w.
    #[test]
    fn extrapolation_is_a_line(x in points(), at in levels(), w in -2.0..8.0) {
        let data = mixture();
        let class = &data.components()[1];
        let of = |w| extrapolated(class, &data, w).denoise(&x, Levels::Each(&at)).unwrap();
        let (better, worse) = (Exact(class).denoise(&x, Levels::Each(&at)).unwrap(), Exact(&data).denoise(&x, Levels::Each(&at)).unwrap());
        let alone = extrapolated(class, &data, 1.0);
        prop_assert_eq!(alone.denoise(&x, Levels::Each(&at)).unwrap().x0, better.x0.clone());
        prop_assert_eq!(alone.worse.1.get(), 0);
        prop_assert_eq!(of(0.0).eps, worse.eps.clone());
        let found = of(w);
        all_within(&found.x0, &(&worse.x0 + w * (&better.x0 - &worse.x0)), 1e-13);
        all_within(&found.eps, &(&worse.eps + w * (&better.eps - &worse.eps)), 1e-13);
    }

    /// Outside the interval of σ each sample has exactly the better estimate. If no sample is inside, the worse denoiser is not
    /// evaluated.
    #[test]
    fn the_interval_is_each_samples(x in points(), w in 2.0..4.0) {
        let data = mixture();
        let class = &data.components()[1];
        let at = [level(3.0), level(0.0), level(-3.0)];
        let guided = by(class, &data, Extrapolation { interval: Some((0.5, 2.0)), ..Extrapolation::new(w) });
        let found = guided.denoise(&x, Levels::Each(&at)).unwrap();
        let everywhere = extrapolated(class, &data, w).denoise(&x, Levels::Each(&at)).unwrap();
        let better = Exact(class).denoise(&x, Levels::Each(&at)).unwrap();
        for (i, expected) in [&better, &everywhere, &better].into_iter().enumerate() {
            prop_assert_eq!(found.x0.row(i), expected.x0.row(i));
        }
        prop_assert_eq!(guided.worse.1.get(), 1);
        prop_assert_eq!(guided.denoise(&x, at[0].into()).unwrap().x0, Exact(class).denoise(&x, at[0].into()).unwrap().x0);
        prop_assert_eq!(guided.worse.1.get(), 1);
    }

    /// φ = 1 sets each sample's standard deviation back to the better one's; φ between, that share of the way.
    #[test]
    fn rescaling_sets_the_deviation_back(x in points(), w in 1.5..8.0, phi in 0.0..=1.0) {
        let data = mixture();
        let class = &data.components()[1];
        let at = level(-1.0).into();
        let of = |rescale| {
            let guided = by(class, &data, Extrapolation { rescale, ..Extrapolation::new(w) });
            guided.denoise(&x, at).unwrap().x0.std_axis(Axis(1), 0.0)
        };
        let better = Exact(class).denoise(&x, at).unwrap().x0.std_axis(Axis(1), 0.0);
        // The deviation is by sums of squares, which cancel where all elements are alike.
        prop_assume!(better.iter().chain(&of(0.0)).all(|deviation| *deviation > 1e-3));
        all_within(&of(1.0), &better, 1e-9);
        all_within(&of(phi), &(phi * &better + (1.0 - phi) * of(0.0)), 1e-9);
    }

    /// Algorithm 1: the mean moves by scale·σ²·gradient, the gradient at x_t, σ² the step's own variance.
    #[test]
    fn a_guided_mean_is_moved_by_the_variance(x in points(), scale in 0.0..5.0, log_snr in -4.0..2.0, gap in 0.1..2.0) {
        let data = mixture();
        let path = Path::new(vec![level(log_snr), level(log_snr + gap)]).unwrap();
        let kernel = Transition::between(path.levels()[1], path.first()).unwrap();
        let guide = Classifier { data: &data, class: 0 };
        let gradient = guide.log_density_gradient(&x, path.first().into()).unwrap();
        let noise = StreamNoise::new(0, 0);
        for (variance, sigma2) in [
            (ReverseVariance::FixedSmall, kernel.posterior().variance),
            (ReverseVariance::FixedLarge, kernel.variance),
        ] {
            let plain = ddpm(&Exact(&data), x.clone(), &path, variance, &noise, &mut ()).unwrap();
            let guided =
                ddpm_guided(&Exact(&data), &guide, scale, x.clone(), &path, variance, &noise, &mut ()).unwrap();
            all_within(&(guided - plain), &(scale * sigma2 * &gradient), 1e-13);
        }
    }
}

/// At pure noise, where x does not depend on y, and at scale 0, the classifier is not evaluated.
#[test]
fn where_there_is_nothing_to_follow() {
    struct Mute;
    impl Guide<Batch> for Mute {
        fn log_density_gradient(&self, _: &Batch, _: Levels<'_>) -> Result<Batch, Error> {
            Err(Error::other("unexpected evaluation"))
        }
    }
    let (data, pure) = (mixture(), NoiseLevel::new(0.0, 1.0).unwrap());
    let x = array![[0.3, -0.2], [1.0, 0.4]];
    for (scale, at) in [(0.0, level(0.0)), (3.0, pure)] {
        let guided = ClassifierGuided { inner: Exact(&data), guide: Mute, scale };
        let expected = Exact(&data).denoise(&x, at.into()).unwrap();
        assert_eq!(guided.denoise(&x, at.into()).unwrap().x0, expected.x0);
    }
    // In one batch with a sample that is guided, the one at pure noise stays.
    let guided =
        ClassifierGuided { inner: Exact(&data), guide: Classifier { data: &data, class: 1 }, scale: 2.0 };
    let found = guided.denoise(&x, Levels::Each(&[pure, level(0.0)])).unwrap();
    let expected = Exact(&data).denoise(&x, Levels::Each(&[pure, level(0.0)])).unwrap();
    assert_eq!(found.x0.row(0), expected.x0.row(0));
    assert_ne!(found.x0.row(1), expected.x0.row(1));
    // A guided mean needs a variance that is known before the step.
    let (path, variance) = (crate::path(&[0.0]), ReverseVariance::Optimal);
    let refused = ddpm_guided(&Exact(&data), &Mute, 1.0, x, &path, variance, &Zeros, &mut ()).unwrap_err();
    assert!(refused.to_string().starts_with("the variance of a guided mean: found Optimal"), "{refused}");
}
