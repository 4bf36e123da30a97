//! Walks recorded from the schedulers of `diffusers` 0.42.1, and the denoiser and noise that replay them.

use crate::linear;
use ndarray::{Array4, s};
use safetensors::SafeTensors;
use serde_json::Value;
use std::collections::HashMap;
use tweedie_math::{NoiseLevel, Parameterization, Reading};
use tweedie_samplers::{
    Clipped, Denoiser, Draw, EpsAfterClip, Error, Estimate, Hook, Levels, NoiseSource, Path, ReverseVariance,
    Spread, ddim, ddpm,
};

pub type Images = Array4<f64>;

/// One recorded walk.
pub struct Recording {
    pub config: Value,
    metadata: HashMap<String, String>,
    /// The scheduler's own table, in f32: ᾱ_1 … ᾱ_T.
    pub alphas_cumprod: Vec<f64>,
    /// The visited times, 1-based.
    pub times: Vec<usize>,
    pub path: Path,
    model_out: Vec<Images>,
    pub noise: Vec<Images>,
    /// The state before each step, and the result.
    pub xs: Vec<Images>,
    /// The clipped estimate of each step.
    pub x0: Vec<Images>,
}

impl Recording {
    /// Reads a recording, or skips where the shared files are not here.
    pub fn read(name: &str) -> Option<Self> {
        let path = tweedie_testing::shared(&format!("reference/diffusers/{name}.safetensors"))?;
        let bytes = std::fs::read(path).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let metadata = header.metadata().clone().unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let images = |name: &str| -> Vec<Images> {
            let shape: [usize; 5] = file.tensor(name).unwrap().shape().try_into().unwrap();
            let all = ndarray::Array::from(numbers(&file, name)).into_shape_with_order(shape).unwrap();
            all.outer_iter().map(|images| images.to_owned()).collect()
        };
        let timesteps = file.tensor("timesteps").unwrap();
        let timesteps = timesteps.data().chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap()));
        // A timestep of `diffusers` is 0-based: its 0 has one step of noise, our time 1.
        let times: Vec<usize> = timesteps.map(|timestep| usize::try_from(timestep).unwrap() + 1).collect();
        Some(Self {
            config: serde_json::from_str(&metadata["config"]).unwrap(),
            metadata,
            alphas_cumprod: numbers(&file, "alphas_cumprod"),
            path: Path::of_times(&linear(), &times).unwrap(),
            times,
            model_out: images("model_out"),
            noise: images("noise"),
            xs: images("xs"),
            x0: images("x0"),
        })
    }

    /// The same walk on the levels of the scheduler's f32 table instead of the process' own.
    pub fn on_its_own_levels(mut self) -> Self {
        let level = |&time: &usize| {
            let alpha_bar = self.alphas_cumprod[time - 1];
            NoiseLevel::new(alpha_bar.sqrt(), (1.0 - alpha_bar).sqrt()).unwrap()
        };
        self.path = Path::new(self.times.iter().map(level).chain([NoiseLevel::CLEAN]).collect()).unwrap();
        self
    }

    pub fn is_ddim(&self) -> bool {
        self.metadata.contains_key("eta")
    }

    /// The denoiser that the scheduler made of the recorded outputs.
    pub fn denoiser(&self) -> Clipped<Replay<'_>> {
        assert_eq!(self.config["clip_sample"], true);
        let range = self.config["clip_sample_range"].as_f64().unwrap();
        let rederive = self.metadata.get("use_clipped").is_some_and(|used| used == "True");
        let eps = if rederive { EpsAfterClip::Rederive } else { EpsAfterClip::Keep };
        Clipped { inner: Replay(self), low: -range, high: range, eps }
    }

    /// Samples along a path with the recorded sampler, the noise being that of the path's steps.
    pub fn sample(&self, x: &Images, path: &Path, noise: &[Images], hook: &mut dyn Hook<Images>) -> Images {
        let (denoiser, x, noise) = (self.denoiser(), x.clone(), Recorded(noise));
        let result = match self.metadata.get("eta") {
            Some(eta) => ddim(&denoiser, x, path, eta.parse().unwrap(), &noise, hook),
            None => {
                let variance = match self.config["variance_type"].as_str().unwrap() {
                    "fixed_small" => ReverseVariance::FixedSmall,
                    "fixed_large" => ReverseVariance::FixedLarge,
                    "learned_range" => ReverseVariance::Learned,
                    other => panic!("no variance for {other}"),
                };
                ddpm(&denoiser, x, path, variance, &noise, hook)
            }
        };
        result.unwrap()
    }
}

/// The numbers of an f32 tensor.
pub fn numbers(file: &SafeTensors<'_>, name: &str) -> Vec<f64> {
    let tensor = file.tensor(name).unwrap();
    let values = tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()));
    values.map(f64::from).collect()
}

/// A denoiser that returns the network's recorded prediction for the level of x.
pub struct Replay<'a>(&'a Recording);

impl Denoiser<Images> for Replay<'_> {
    fn denoise(&self, x: &Images, at: Levels<'_>) -> Result<Estimate<Images>, Error> {
        let step = self.0.path.levels().iter().position(|level| *level == at.get(0)).unwrap();
        let all = &self.0.model_out[step];
        let parameterization = match self.0.config["prediction_type"].as_str().unwrap() {
            "epsilon" => Parameterization::Epsilon,
            "v_prediction" => Parameterization::V,
            other => panic!("no reading for {other}"),
        };
        let Reading { x0_from_x, x0_from_out, eps_from_x, eps_from_out } =
            parameterization.reading(at.get(0), None)?;
        let n_channels = x.shape()[1];
        let out = all.slice(s![.., ..n_channels, .., ..]);
        // A learned range is the second half of the channels.
        let range = all.slice(s![.., n_channels.., .., ..]);
        Ok(Estimate {
            x0: x0_from_x * x + x0_from_out * &out,
            eps: eps_from_x * x + eps_from_out * &out,
            spread: (!range.is_empty()).then(|| Spread::Range(range.to_owned())),
        })
    }
}

/// The recorded noise, step by step.
struct Recorded<'a>(&'a [Images]);

impl NoiseSource<Images> for Recorded<'_> {
    fn normal(&self, _: &Images, draw: Draw) -> Result<Images, Error> {
        Ok(self.0[draw.visit as usize].clone())
    }
}

/// The greatest difference of two elements.
pub fn distance(found: &Images, expected: &Images) -> f64 {
    assert_eq!(found.shape(), expected.shape());
    (found - expected).iter().fold(0.0, |most: f64, off| most.max(off.abs()))
}
