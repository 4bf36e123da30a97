//! What is no data is refused by name.

use ndarray::{Array2, array};
use tweedie_math::{Error, GaussianData, Mixture, NoiseLevel, Oracle};

fn name<T: core::fmt::Debug>(made: Result<T, Error>) -> &'static str {
    match made {
        Err(Error::Parameter { name, .. }) => name,
        other => panic!("expected a parameter to be refused, found {other:?}"),
    }
}

#[test]
fn what_is_no_gaussian_is_refused() {
    assert_eq!(name(GaussianData::isotropic(vec![], 1.0)), "the number of variances");
    assert_eq!(name(GaussianData::diagonal(vec![0.0, 0.0], vec![1.0])), "the number of variances");
    for bad in [-1e-9, f64::NAN, f64::INFINITY] {
        assert_eq!(name(GaussianData::isotropic(vec![0.0], bad)), "a variance");
    }
    for bad in [f64::NAN, f64::INFINITY] {
        assert_eq!(name(GaussianData::isotropic(vec![0.0, bad], 1.0)), "a mean");
        assert_eq!(name(GaussianData::new(vec![0.0, bad], &Array2::eye(2))), "a mean");
        let covariance = array![[1.0, 0.0], [0.0, bad]];
        assert_eq!(name(GaussianData::new(vec![0.0, 0.0], &covariance)), "an element of the covariance");
    }
    assert_eq!(name(GaussianData::new(vec![0.0, 0.0], &Array2::eye(3))), "the covariance's size");
    assert_eq!(name(GaussianData::new(vec![0.0, 0.0], &Array2::zeros((2, 3)))), "the covariance's size");
    let skew = array![[1.0, 0.5], [0.4, 1.0]];
    assert_eq!(name(GaussianData::new(vec![0.0, 0.0], &skew)), "the covariance's asymmetry");
    let negative = array![[1.0, 2.0], [2.0, 1.0]];
    assert_eq!(name(GaussianData::new(vec![0.0, 0.0], &negative)), "the covariance's least variance");
}

/// No dimension at all is refused by the general constructor as by the simple ones.
#[test]
fn no_dimension_is_refused() {
    let none = GaussianData::new(vec![], &Array2::zeros((0, 0)));
    assert!(matches!(none, Err(Error::Parameter { .. })), "{none:?}");
}

#[test]
fn what_is_no_mixture_is_refused() {
    let one = |n: usize| GaussianData::isotropic(vec![0.0; n], 1.0).unwrap();
    assert_eq!(name(Mixture::new(vec![])), "the number of components");
    let different = Mixture::new(vec![(1.0, one(1)), (1.0, one(2))]);
    assert_eq!(name(different), "a component's number of dimensions");
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(name(Mixture::new(vec![(1.0, one(1)), (bad, one(1))])), "a component's weight");
    }
}

/// As documented, a point of another length is a panic.
#[test]
fn points_of_another_length_panic() {
    for (dimensions, length) in [(2, 3), (3, 2), (3, 1), (1, 2), (2, 0)] {
        let gaussian = GaussianData::isotropic(vec![0.0; dimensions], 1.0).unwrap();
        let mixture = Mixture::new(vec![(1.0, gaussian.clone())]).unwrap();
        let level = NoiseLevel::variance_preserving(0.0).unwrap();
        let x = vec![0.5; length];
        for oracle in [&gaussian as &dyn Oracle, &mixture] {
            let calls: [&dyn Fn(); 3] =
                [&|| drop(oracle.x0(&x, level)), &|| drop(oracle.score(&x, level)), &|| {
                    oracle.log_density(&x, level);
                }];
            for call in calls {
                let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call));
                assert!(
                    answer.is_err(),
                    "{length} numbers were taken for a point of {dimensions} dimensions"
                );
            }
        }
    }
}
