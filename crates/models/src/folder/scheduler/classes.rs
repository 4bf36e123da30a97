//! The scheduler classes of `diffusers`, with the process and the sampler of each.

use crate::sampling::Sampler;
use tweedie_math::Spacing;

/// The forward process of a scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Process {
    /// A discrete process given by betas.
    Discrete,
    /// A rectified flow.
    Flow,
    /// The variance-exploding SDE.
    VarianceExploding,
    /// The process of Karras et al. (2022), with their preconditioning.
    Edm,
}

/// A scheduler class of `diffusers`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Class {
    pub(super) name: &'static str,
    pub(super) process: Process,
    /// The sampler of the scheduler, or the most similar one.
    pub(super) sampler: Sampler,
    /// Whether `sampler` is the method of the scheduler.
    pub(super) is_exact: bool,
    /// The default of `clip_sample`, or `None` for a class without this key.
    pub(super) clips: Option<bool>,
    /// The default of `timestep_spacing`.
    pub(super) spacing: Spacing,
    /// The defaults of `beta_schedule`, `beta_start` and `beta_end`.
    pub(super) betas: (&'static str, f64, f64),
}

const BETAS: (&str, f64, f64) = ("linear", 1e-4, 0.02);
/// The defaults of schedulers for latent diffusion.
const LATENT_BETAS: (&str, f64, f64) = ("linear", 0.00085, 0.012);

/// A scheduler of a discrete process that clips x̂₀ by default.
const fn clipping(name: &'static str, sampler: Sampler) -> Class {
    let (process, spacing) = (Process::Discrete, Spacing::Leading);
    Class { name, process, sampler, is_exact: true, clips: Some(true), spacing, betas: BETAS }
}

/// A scheduler in σ or of an ODE solver.
const fn solver(name: &'static str, sampler: Sampler, is_exact: bool) -> Class {
    let (process, spacing) = (Process::Discrete, Spacing::Linspace);
    Class { name, process, sampler, is_exact, clips: None, spacing, betas: BETAS }
}

const fn of_process(name: &'static str, process: Process, sampler: Sampler, is_exact: bool) -> Class {
    Class { process, ..solver(name, sampler, is_exact) }
}

/// The supported scheduler classes.
pub(super) const CLASSES: [Class; 29] = [
    clipping("DDPMScheduler", Sampler::Ddpm),
    clipping("DDPMParallelScheduler", Sampler::Ddpm),
    clipping("DDIMScheduler", Sampler::Ddim),
    clipping("DDIMParallelScheduler", Sampler::Ddim),
    clipping("DDIMInverseScheduler", Sampler::Ddim),
    Class { betas: ("squaredcos_cap_v2", 1e-4, 0.02), ..clipping("UnCLIPScheduler", Sampler::Ddpm) },
    Class { is_exact: false, ..clipping("RePaintScheduler", Sampler::Ddpm) },
    // Consistency sampling is DDIM with new noise at each step.
    Class {
        clips: Some(false),
        is_exact: false,
        betas: LATENT_BETAS,
        ..clipping("LCMScheduler", Sampler::Ddim)
    },
    Class {
        clips: Some(false),
        is_exact: false,
        betas: LATENT_BETAS,
        ..clipping("TCDScheduler", Sampler::Ddim)
    },
    Class { clips: None, is_exact: false, ..clipping("PNDMScheduler", Sampler::Dpm2m) },
    solver("EulerDiscreteScheduler", Sampler::Euler, true),
    solver("EulerAncestralDiscreteScheduler", Sampler::EulerAncestral, true),
    Class { clips: Some(false), betas: LATENT_BETAS, ..solver("HeunDiscreteScheduler", Sampler::Heun, true) },
    Class { betas: LATENT_BETAS, ..solver("KDPM2DiscreteScheduler", Sampler::Heun, false) },
    Class {
        betas: LATENT_BETAS,
        ..solver("KDPM2AncestralDiscreteScheduler", Sampler::EulerAncestral, false)
    },
    solver("LMSDiscreteScheduler", Sampler::Dpm2m, false),
    solver("DPMSolverMultistepScheduler", Sampler::Dpm2m, true),
    solver("DPMSolverMultistepInverseScheduler", Sampler::Dpm2m, false),
    solver("DPMSolverSinglestepScheduler", Sampler::Dpm2m, false),
    Class { betas: LATENT_BETAS, ..solver("DPMSolverSDEScheduler", Sampler::Dpm2mSde, false) },
    solver("DEISMultistepScheduler", Sampler::Dpm2m, false),
    solver("UniPCMultistepScheduler", Sampler::UniPc, true),
    solver("SASolverScheduler", Sampler::Dpm2mSde, false),
    of_process(super::FLOW, Process::Flow, Sampler::Ddim, true),
    of_process("FlowMatchHeunDiscreteScheduler", Process::Flow, Sampler::Heun, true),
    of_process("FlowMatchLCMScheduler", Process::Flow, Sampler::Ddim, false),
    of_process("ScoreSdeVeScheduler", Process::VarianceExploding, Sampler::PredictorCorrector, true),
    of_process("EDMEulerScheduler", Process::Edm, Sampler::Euler, true),
    of_process("EDMDPMSolverMultistepScheduler", Process::Edm, Sampler::Dpm2m, true),
];

/// Keys of schedulers without effect on the description, for which no note is needed.
pub(super) const WITHOUT_EFFECT: [&str; 38] = [
    "dynamic_thresholding_ratio",
    "sample_max_value",
    "clip_sample",
    "clip_sample_range",
    "variance_type",
    "thresholding",
    "set_alpha_to_one",
    "skip_prk_steps",
    "tensor_format",
    "timestep_values",
    "trained_betas",
    "steps_offset",
    "timestep_spacing",
    "interpolation_type",
    "sigma_min",
    "sigma_max",
    "rho",
    "timestep_type",
    "final_sigmas_type",
    "lower_order_final",
    "euler_at_final",
    "solver_type",
    "lambda_min_clipped",
    "predict_x0",
    "disable_corrector",
    "solver_p",
    "use_flow_sigmas",
    "flow_shift",
    "original_inference_steps",
    "timestep_scaling",
    "eta",
    "noise_sampler_seed",
    "predictor_order",
    "corrector_order",
    "max_image_seq_len",
    "base_image_seq_len",
    "max_shift",
    "base_shift",
];
