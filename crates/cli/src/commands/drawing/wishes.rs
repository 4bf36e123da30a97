//! What the checkpoint says, changed by what the user says.

use crate::arguments::{
    AfterClipName, Eta, NormsName, OptionFlags, SamplerFlags, ThirdOrderName, VarianceName,
};
use tweedie_models::sampling::{
    AfterClip, CorrectorNorms, DdimAdds, Sampler, SamplingDefaults, ThirdOrderForm, Variance,
};

/// The wishes of the command line over those of a checkpoint.
pub fn wishes(flags: &SamplerFlags, own: SamplingDefaults) -> SamplingDefaults {
    let mut sampling = own;
    // Who asks for the ancestral form wants its noise.
    if flags.sampler == Some(Sampler::EulerAncestral) && sampling.sampler != Sampler::EulerAncestral {
        sampling.eta = 1.0;
    }
    set(&mut sampling.sampler, flags.sampler);
    set(&mut sampling.steps, flags.steps);
    // Steps that are asked for come before levels that the checkpoint says.
    if flags.steps.is_some() {
        sampling.levels = None;
    }
    if flags.levels.is_some() {
        sampling.levels.clone_from(&flags.levels);
    }
    options(&flags.options, sampling)
}

/// The options of the command line over those of a checkpoint, whose sampler is known.
pub fn options(flags: &OptionFlags, own: SamplingDefaults) -> SamplingDefaults {
    let mut sampling = own;
    set(
        &mut sampling.variance,
        flags.variance.map(|name| match name {
            VarianceName::FixedSmall => Variance::FixedSmall,
            VarianceName::FixedLarge => Variance::FixedLarge,
            VarianceName::Learned => Variance::Learned,
            VarianceName::Optimal => Variance::Optimal,
        }),
    );
    if flags.clip.is_some() {
        sampling.clip = flags.clip;
    }
    if flags.no_clip {
        sampling.clip = None;
        // A threshold that the checkpoint asks for goes with the clip whose place it takes.
        sampling.options.threshold = None;
    }
    let options = &mut sampling.options;
    match flags.eta {
        // What DDIM adds is no other sampler's business.
        _ if !matches!(sampling.sampler, Sampler::Ddim | Sampler::EulerAncestral) => {
            options.ddim = DdimAdds::Eta
        }
        Some(Eta::Number(eta)) => (sampling.eta, options.ddim) = (eta, DdimAdds::Eta),
        Some(Eta::Fresh) => options.ddim = DdimAdds::Fresh,
        Some(Eta::SigmaHat) => options.ddim = DdimAdds::SigmaHat,
        None if sampling.sampler == Sampler::EulerAncestral => options.ddim = DdimAdds::Eta,
        None => {}
    }
    set(
        &mut options.after_clip,
        flags.after_clip.map(|name| match name {
            AfterClipName::Rederive => AfterClip::Rederive,
            AfterClipName::Keep => AfterClip::Keep,
        }),
    );
    set(
        &mut options.third_order,
        flags.third_order.map(|name| match name {
            ThirdOrderName::Corrected => ThirdOrderForm::Corrected,
            ThirdOrderName::Published => ThirdOrderForm::Published,
        }),
    );
    set(
        &mut options.corrector_norms,
        flags.corrector_norms.map(|name| match name {
            NormsName::PerSample => CorrectorNorms::PerSample,
            NormsName::BatchMean => CorrectorNorms::BatchMean,
        }),
    );
    options.threshold = flags.threshold.or(options.threshold);
    options.churn_sigmas = flags.churn_sigmas.or(options.churn_sigmas);
    options.langevin_friction = flags.langevin_friction.or(options.langevin_friction);
    options.langevin_epsilon = flags.langevin_epsilon.or(options.langevin_epsilon);
    set(&mut options.churn, flags.churn);
    set(&mut options.churn_noise, flags.churn_noise);
    set(&mut options.order, flags.order);
    set(&mut options.tolerance, flags.tolerance);
    set(&mut options.corrector_snr, flags.corrector_snr);
    set(&mut options.corrector_steps, flags.corrector_steps);
    set(&mut options.langevin_steps, flags.langevin_steps);
    set(&mut options.variance_probes, flags.variance_probes);
    sampling
}

fn set<T>(value: &mut T, wish: Option<T>) {
    if let Some(wish) = wish {
        *value = wish;
    }
}
