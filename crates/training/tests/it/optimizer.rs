//! AdamW and the flat parameters.

use crate::common::{model, weights};
use tch::{Device, Kind, Tensor};
use tweedie_math::Parameterization;
use tweedie_training::{AdamW, Ema, FlatParameters, OptimizerConfig};

fn one() -> Tensor {
    Tensor::ones([], (Kind::Float, Device::Cpu))
}

#[test]
fn moving_to_flat_memory_changes_nothing() {
    let model = model(Parameterization::Epsilon);
    let before = weights(&model);
    let mut flat = FlatParameters::new(model.backbone()).unwrap();
    assert_eq!(weights(&model), before);
    assert!(flat.values.numel() >= before.len());
    // The network sees what happens to the flat values, and its gradients land in the flat ones.
    let _ = tch::no_grad(|| flat.values.g_add_scalar_(1.0));
    assert!(weights(&model).iter().zip(&before).all(|(now, then)| (now - then - 1.0).abs() < 1e-6));
    let parameter = model.network().parameters().get("conv_in.weight").unwrap();
    parameter.sum(Kind::Float).backward();
    assert_eq!(flat.gradients.sum(Kind::Double).double_value(&[]), parameter.numel() as f64);
    flat.zero_gradients();
    assert_eq!(flat.gradient_norm().double_value(&[]), 0.0);
}

/// Three steps against the algorithm in f64, one number at a time.
#[test]
fn adamw_is_the_papers_algorithm() {
    let model = model(Parameterization::Epsilon);
    let mut flat = FlatParameters::new(model.backbone()).unwrap();
    let config = OptimizerConfig {
        weight_decay: 0.1,
        beta1: 0.8,
        beta2: 0.95,
        eps: 1e-6,
        ..OptimizerConfig::default()
    };
    let mut optimizer = AdamW::new(&flat).unwrap();
    let n = 5;
    let mut values: Vec<f64> = (0..n).map(|i| flat.values.double_value(&[i])).collect();
    let (mut m, mut v) = (vec![0.0; n as usize], vec![0.0; n as usize]);
    for step in 1..=3 {
        let gradient = |i: i64| 0.3 * (i as f64 + 1.0) * (step as f64 - 1.7);
        for i in 0..n {
            let _ = flat.gradients.get(i).fill_(gradient(i));
        }
        optimizer.step(&mut flat, &config, 1e-2, &(one() * 0.5)).unwrap();
        for i in 0..n as usize {
            let g = 0.5 * gradient(i as i64);
            m[i] = 0.8 * m[i] + 0.2 * g;
            v[i] = 0.95 * v[i] + 0.05 * g * g;
            let m_hat = m[i] / (1.0 - 0.8f64.powi(step));
            let v_hat = v[i] / (1.0 - 0.95f64.powi(step));
            values[i] = values[i] * (1.0 - 1e-2 * 0.1) - 1e-2 * m_hat / (v_hat.sqrt() + 1e-6);
        }
    }
    for (i, expected) in values.iter().enumerate() {
        let found = flat.values.double_value(&[i as i64]);
        assert!((found - expected).abs() < 1e-6, "{i}: {found} against {expected}");
    }
    assert_eq!(optimizer.steps, 3);
}

#[test]
fn the_average_is_swapped_in_and_out() {
    let model = model(Parameterization::Epsilon);
    let mut flat = FlatParameters::new(model.backbone()).unwrap();
    let mut ema = Ema::new(&flat).unwrap();
    let start = weights(&model);
    let _ = tch::no_grad(|| flat.values.g_add_scalar_(1.0));
    // A half-life passes: the average is half way.
    ema.update(&flat, 100.0, 1.0, 1_000_000, 100).unwrap();
    let own = ema.put_into(&mut flat).unwrap();
    let seen = weights(&model);
    own.put_back(&mut flat).unwrap();
    assert!(seen.iter().zip(&start).all(|(now, then)| (now - then - 0.5).abs() < 1e-6));
    assert!(weights(&model).iter().zip(&start).all(|(now, then)| (now - then - 1.0).abs() < 1e-6));
}
