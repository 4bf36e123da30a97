//! Hooks look on and intervene after each step.

use crate::{Batch, level, path};
use ndarray::array;
use tweedie_math::GaussianDenoiser;
use tweedie_samplers::{
    Error, Estimate, Hook, Inversion, Next, NoiseSource, ReverseVariance, Step, StreamNoise, ddim,
    ddim_invert, ddpm,
};

const DATA: GaussianDenoiser = GaussianDenoiser { mean: 0.5, variance: 0.25 };

/// A function of x and the step's number as a hook.
struct Script<F>(F);

impl<F: FnMut(&Batch, usize) -> Result<Next<Batch>, Error>> Hook<Batch> for Script<F> {
    fn after(
        &mut self,
        x: &Batch,
        step: &Step,
        _: Option<&Estimate<Batch>>,
        _: &dyn NoiseSource<Batch>,
    ) -> Result<Next<Batch>, Error> {
        self.0(x, step.index)
    }
}

/// Three steps of DDIM from 1, with a hook.
fn sample(hook: &mut dyn Hook<Batch>) -> Result<Batch, Error> {
    ddim(&DATA, array![[1.0]], &path(&[-3.0, 0.0, 2.0]), 0.0, &StreamNoise::new(0, 0), hook)
}

/// The walk continues from a replaced state like from a state of its own.
#[test]
fn replace_goes_on_from_another_state() {
    let other = array![[-0.3]];
    let mut replaced =
        Script(|_: &Batch, index| Ok(if index == 1 { Next::Replace(array![[-0.3]]) } else { Next::Go }));
    let found = sample(&mut replaced).unwrap();
    let rest = path(&[2.0]);
    let expected = ddim(&DATA, other, &rest, 0.0, &StreamNoise::new(0, 0), &mut ()).unwrap();
    assert_eq!(found, expected);
    // After the last step it is the result.
    let mut last = Script(|x: &Batch, index| Ok(if index == 2 { Next::Replace(x + 10.0) } else { Next::Go }));
    assert_eq!(sample(&mut last).unwrap(), sample(&mut ()).unwrap() + 10.0);
}

/// A sampler without a memory, and an inversion, go on from an adjusted state as from a replaced one.
#[test]
fn without_a_memory_adjust_is_replace() {
    fn changed(next: fn(Batch) -> Next<Batch>) -> [Batch; 2] {
        let mut hook = Script(move |x: &Batch, index| Ok(if index == 1 { next(x - 0.4) } else { Next::Go }));
        let path = path(&[-3.0, 0.0, 2.0]);
        let inversion = Inversion::default();
        let up = ddim_invert(&DATA, array![[1.0]], &path, inversion, &mut hook).unwrap();
        [sample(&mut hook).unwrap(), up]
    }
    assert_eq!(changed(Next::Adjust), changed(Next::Replace));
    assert_ne!(changed(Next::Adjust), changed(|_| Next::Go));
}

/// A stop returns its state at once: no further step is walked.
#[test]
fn stop_returns_at_once() {
    let mut n_calls = 0;
    let mut stop = Script(|_: &Batch, index| {
        n_calls += 1;
        Ok(if index == 1 { Next::Stop(array![[7.0]]) } else { Next::Go })
    });
    assert_eq!(sample(&mut stop).unwrap(), array![[7.0]]);
    assert_eq!(n_calls, 2);
}

#[test]
fn what_a_hook_reports_ends_the_walk() {
    let mut failing =
        Script(|_: &Batch, index| if index == 1 { Err(Error::other("no more")) } else { Ok(Next::Go) });
    let error = sample(&mut failing).unwrap_err();
    assert!(matches!(&error, Error::Other(_)) && error.to_string() == "no more", "{error:?}");
}

/// What two hooks make of the first step from x = 5, and the states that the second saw.
fn both(first: fn(&Batch) -> Next<Batch>, second: fn(&Batch) -> Next<Batch>) -> (Next<Batch>, Vec<f64>) {
    let mut seen = Vec::new();
    let first = Script(|x: &Batch, _| Ok(first(x)));
    let second = Script(|x: &Batch, _| {
        seen.push(x[[0, 0]]);
        Ok(second(x))
    });
    let step = Step { index: 0, count: 1, from: level(-1.0), to: level(1.0) };
    let next = (first, second).after(&array![[5.0]], &step, None, &StreamNoise::new(0, 0)).unwrap();
    (next, seen)
}

/// The second hook is called with the x of the first, and is not called after a stop.
#[test]
fn two_hooks_act_in_their_order() {
    fn state(next: Next<Batch>) -> (&'static str, f64) {
        match next {
            Next::Go => ("go", f64::NAN),
            Next::Adjust(x) => ("adjust", x[[0, 0]]),
            Next::Replace(x) => ("replace", x[[0, 0]]),
            Next::Stop(x) => ("stop", x[[0, 0]]),
        }
    }
    let go = |_: &Batch| Next::Go;
    let (next, seen) = both(go, go);
    assert_eq!((state(next).0, seen), ("go", vec![5.0]));
    let (next, seen) = both(|x| Next::Replace(x + 1.0), go);
    assert_eq!((state(next), seen), (("replace", 6.0), vec![6.0]));
    let (next, seen) = both(go, |x| Next::Replace(x * 2.0));
    assert_eq!((state(next), seen), (("replace", 10.0), vec![5.0]));
    let (next, seen) = both(|x| Next::Replace(x + 1.0), |x| Next::Replace(x * 2.0));
    assert_eq!((state(next), seen), (("replace", 12.0), vec![6.0]));
    let (next, seen) = both(|x| Next::Replace(x + 1.0), |x| Next::Stop(x * 2.0));
    assert_eq!((state(next), seen), (("stop", 12.0), vec![6.0]));
    let (next, seen) = both(|x| Next::Stop(x + 1.0), |x| Next::Replace(x * 2.0));
    assert_eq!((state(next), seen), (("stop", 6.0), vec![]));
    // The memory is emptied if either hook replaces x.
    let (next, seen) = both(|x| Next::Adjust(x + 1.0), go);
    assert_eq!((state(next), seen), (("adjust", 6.0), vec![6.0]));
    let (next, seen) = both(go, |x| Next::Adjust(x * 2.0));
    assert_eq!((state(next), seen), (("adjust", 10.0), vec![5.0]));
    let (next, seen) = both(|x| Next::Adjust(x + 1.0), |x| Next::Adjust(x * 2.0));
    assert_eq!((state(next), seen), (("adjust", 12.0), vec![6.0]));
    let (next, seen) = both(|x| Next::Adjust(x + 1.0), |x| Next::Replace(x * 2.0));
    assert_eq!((state(next), seen), (("replace", 12.0), vec![6.0]));
    let (next, seen) = both(|x| Next::Replace(x + 1.0), |x| Next::Adjust(x * 2.0));
    assert_eq!((state(next), seen), (("replace", 12.0), vec![6.0]));
    let (next, seen) = both(|x| Next::Adjust(x + 1.0), |x| Next::Stop(x * 2.0));
    assert_eq!((state(next), seen), (("stop", 12.0), vec![6.0]));
    let (next, seen) = both(|x| Next::Stop(x + 1.0), |x| Next::Adjust(x * 2.0));
    assert_eq!((state(next), seen), (("stop", 6.0), vec![]));
}

/// A closure of step and x only looks; it sees the estimate's level left and reached, and the result last.
#[test]
fn a_closure_is_a_hook_that_looks() {
    let mut seen = Vec::new();
    let mut look = |step: &Step, x: &Batch| seen.push((step.to, x[[0, 0]]));
    let path = path(&[-3.0, 0.0]);
    let noise = StreamNoise::new(0, 0);
    let variance = ReverseVariance::FixedSmall;
    let result = ddpm(&DATA, array![[1.0]], &path, variance, &noise, &mut look).unwrap();
    let levels: Vec<_> = seen.iter().map(|(level, _)| *level).collect();
    assert_eq!(levels, path.levels()[1..]);
    assert_eq!(seen[1].1, result[[0, 0]]);
}

/// A hook is called with the denoiser's estimate at the level where the step starts.
#[test]
fn a_hook_sees_the_estimate() {
    struct Preview(Vec<f64>);
    impl Hook<Batch> for Preview {
        fn after(
            &mut self,
            _: &Batch,
            _: &Step,
            estimate: Option<&Estimate<Batch>>,
            _: &dyn NoiseSource<Batch>,
        ) -> Result<Next<Batch>, Error> {
            self.0.extend(estimate.map(|estimate| estimate.x0[[0, 0]]));
            Ok(Next::Go)
        }
    }
    let mut preview = Preview(Vec::new());
    let result = sample(&mut preview).unwrap();
    assert!((preview.0[0] - DATA.x0(1.0, level(-3.0))).abs() < 1e-15);
    assert!((preview.0[2] - result[[0, 0]]).abs() < 1e-15);
}
