//! Values that are computed from parameters once and used until the parameters change.

use crate::Error;
use std::cell::{Ref, RefCell};
use tch::{Kind, Tensor};
use tweedie_torch::Version;

/// The packed form of `N` parameters in one kind, made at the first use. It is made again if a parameter has changed since.
#[derive(Debug)]
pub(super) struct Packed<T, const N: usize> {
    made: RefCell<Option<Made<T, N>>>,
}

#[derive(Debug)]
struct Made<T, const N: usize> {
    versions: [Version; N],
    kind: Kind,
    /// `None` if this machine has no packed form for the kind.
    value: Option<T>,
}

impl<T, const N: usize> Default for Packed<T, N> {
    fn default() -> Self {
        Self { made: RefCell::new(None) }
    }
}

impl<T, const N: usize> Packed<T, N> {
    /// The packed form, or `None` if `pack` fails, in which case the layer is computed without it.
    pub(super) fn get(
        &self,
        parameters: [&Tensor; N],
        kind: Kind,
        pack: impl FnOnce([Tensor; N]) -> Result<T, tweedie_torch::Error>,
    ) -> Option<Ref<'_, T>> {
        let versions = parameters.map(Version::of);
        let is_valid = |made: &Made<T, N>| made.versions == versions && made.kind == kind;
        if !self.made.borrow().as_ref().is_some_and(is_valid) {
            let cast = parameters.map(|parameter| parameter.detach().to_kind(kind));
            let value = pack(cast)
                .inspect_err(|error| tracing::debug!("a layer is computed without packed weights: {error}"))
                .ok();
            *self.made.borrow_mut() = Some(Made { versions, kind, value });
        }
        Ref::filter_map(self.made.borrow(), |made| made.as_ref()?.value.as_ref()).ok()
    }
}

/// The result of a function of `tweedie_torch` within a layer. Layers fail as operations of `tch` do, by a panic that the network's
/// [`guard`](tweedie_torch::guard) converts into an error.
pub(super) fn computed(result: Result<Tensor, tweedie_torch::Error>) -> Tensor {
    result.unwrap_or_else(|error| match Error::from(error) {
        Error::Torch(tweedie_torch::Error::LibTorch(text)) => panic!("{text}"),
        other => panic!("{other}"),
    })
}
