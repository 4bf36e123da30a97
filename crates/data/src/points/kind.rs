//! The formulas of the built-in sets of points.

use crate::Error;
use libm::{cos, exp, sin, sqrt};
use serde::{Deserialize, Serialize};
use std::f64::consts::{PI, TAU};
use std::fmt;
use std::str::FromStr;
use tweedie_math::random::Stream;

/// The kinds of built-in two-dimensional sets.
///
/// The formulas below give a raw point. It is shifted and scaled per coordinate by the exact mean and standard deviation of
/// the raw distribution. u is uniform in [0, 1), n₁ and n₂ are standard normal, and each part k is equally likely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointKind {
    /// Two half circles that reach into each other. With φ = πu, the upper one is (cos φ, sin φ) and the lower one
    /// (1 − cos φ, 1/2 − sin φ); noise 0.1·(n₁, n₂) is added. The part is the moon.
    #[default]
    Moons,
    /// Three concentric circles of radius 1, 2 and 3: r·(cos 2πu, sin 2πu) + 0.08·(n₁, n₂). The part is the circle.
    Rings,
    /// The eight dark fields of a 4×4 board with fields of side 1, each filled evenly. There is no noise and there are no
    /// classes.
    Checkerboard,
    /// Two spiral arms of 1½ turns, one of which is the other turned by half a turn: ±t·(cos t, sin t) + 0.3·(n₁, n₂) with
    /// t = 3π√u. The part is the arm.
    Spirals,
    /// Five curved blades (Johnson et al. 2016): the point (1 + 0.3·n₁, 0.1·n₂), turned by the angle
    /// 2πk/5 + exp(1 + 0.3·n₁)/4. The part is the blade.
    Pinwheel,
    /// Eight Gaussians on a circle: 4·(cos πk/4, sin πk/4) + 0.5·(n₁, n₂). The part is the Gaussian.
    EightGaussians,
}

/// The names of parts.
const MOONS: [&str; 2] = ["upper", "lower"];
const RINGS: [&str; 3] = ["inner", "middle", "outer"];
const ARMS: [&str; 2] = ["first arm", "second arm"];
const BLADES: [&str; 5] = ["blade 1", "blade 2", "blade 3", "blade 4", "blade 5"];
const COMPASS: [&str; 8] =
    ["east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east"];

/// The standard deviations of the noise.
const MOON_NOISE: f64 = 0.1;
const RING_NOISE: f64 = 0.08;
const SPIRAL_NOISE: f64 = 0.3;
const RADIAL: f64 = 0.3;
const TANGENTIAL: f64 = 0.1;
const BLOB_NOISE: f64 = 0.5;
/// The angle at the end of a spiral arm, and the radius of the circle of Gaussians.
const SPIRAL_END: f64 = 3.0 * PI;
const BLOB_RADIUS: f64 = 4.0;

impl PointKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Moons, Self::Rings, Self::Checkerboard, Self::Spirals, Self::Pinwheel, Self::EightGaussians];

    /// The name of the kind in configurations, such as `eight_gaussians`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Moons => "moons",
            Self::Rings => "rings",
            Self::Checkerboard => "checkerboard",
            Self::Spirals => "spirals",
            Self::Pinwheel => "pinwheel",
            Self::EightGaussians => "eight_gaussians",
        }
    }

    /// The names of the parts, which are the classes; empty for the checkerboard.
    pub(super) fn parts(self) -> &'static [&'static str] {
        match self {
            Self::Moons => &MOONS,
            Self::Rings => &RINGS,
            Self::Checkerboard => &[],
            Self::Spirals => &ARMS,
            Self::Pinwheel => &BLADES,
            Self::EightGaussians => &COMPASS,
        }
    }

    /// A part and a raw point of it. Uniform and normal numbers come from a stream each.
    pub(super) fn raw(self, uniform: &mut Stream, normal: &mut Stream) -> (u32, [f64; 2]) {
        let fields = if self == Self::Checkerboard { 8 } else { self.parts().len() as u64 };
        let part = uniform.below(fields);
        let k = part as f64;
        let mut noisy =
            |[x, y]: [f64; 2], noise: f64| [x + noise * normal.normal(), y + noise * normal.normal()];
        let point = match self {
            Self::Moons => {
                let phi = PI * uniform.uniform();
                let (x, y) = (cos(phi), sin(phi));
                noisy(if part == 0 { [x, y] } else { [1.0 - x, 0.5 - y] }, MOON_NOISE)
            }
            Self::Rings => {
                let angle = TAU * uniform.uniform();
                noisy([(k + 1.0) * cos(angle), (k + 1.0) * sin(angle)], RING_NOISE)
            }
            Self::Checkerboard => {
                // Two dark fields in each row, those of odd rows one further on.
                let (row, column) = (part / 2, part % 2 * 2 + part / 2 % 2);
                [column as f64 - 2.0 + uniform.uniform(), row as f64 - 2.0 + uniform.uniform()]
            }
            Self::Spirals => {
                let t = SPIRAL_END * sqrt(uniform.uniform());
                let r = if part == 0 { t } else { -t };
                noisy([r * cos(t), r * sin(t)], SPIRAL_NOISE)
            }
            Self::Pinwheel => {
                let (x, y) = (1.0 + RADIAL * normal.normal(), TANGENTIAL * normal.normal());
                let angle = TAU * k / 5.0 + exp(x) / 4.0;
                let (sine, cosine) = (sin(angle), cos(angle));
                [cosine * x - sine * y, sine * x + cosine * y]
            }
            Self::EightGaussians => {
                let angle = TAU * k / 8.0;
                noisy([BLOB_RADIUS * cos(angle), BLOB_RADIUS * sin(angle)], BLOB_NOISE)
            }
        };
        (part as u32, point)
    }

    /// The mean and the standard deviation of each coordinate of raw points.
    pub(super) fn raw_moments(self) -> ([f64; 2], [f64; 2]) {
        let around_zero = |scale: f64| ([0.0; 2], [scale; 2]);
        match self {
            Self::Moons => {
                // Within a moon E[cos φ] = 0, E[cos² φ] = E[sin² φ] = 1/2 and E[sin φ] = 2/π. The moons' means lie 1 apart in x
                // and 4/π − 1/2 in y.
                let noise = MOON_NOISE * MOON_NOISE;
                let apart = 2.0 / PI - 0.25;
                let (x, y) = (0.5 + 0.25 + noise, 0.5 - 4.0 / (PI * PI) + apart * apart + noise);
                ([0.5, 0.25], [sqrt(x), sqrt(y)])
            }
            Self::Rings => around_zero(sqrt((1.0 + 4.0 + 9.0) / 3.0 / 2.0 + RING_NOISE * RING_NOISE)),
            // Both coordinates are uniform in [−2, 2).
            Self::Checkerboard => around_zero(sqrt(4.0 / 3.0)),
            Self::Spirals => {
                // t has the density 2t/T² on [0, T], T a multiple of π: E[t²] = T²/2 and E[t² cos 2t] = 3/2.
                let (square, turn) = (SPIRAL_END * SPIRAL_END / 4.0, 0.75);
                let noise = SPIRAL_NOISE * SPIRAL_NOISE;
                ([0.0; 2], [sqrt(square + turn + noise), sqrt(square - turn + noise)])
            }
            // Turning keeps the squared norm, 1 + radial² + tangential²; five equal blades share it between the coordinates.
            Self::Pinwheel => around_zero(sqrt((1.0 + RADIAL * RADIAL + TANGENTIAL * TANGENTIAL) / 2.0)),
            Self::EightGaussians => {
                around_zero(sqrt(BLOB_RADIUS * BLOB_RADIUS / 2.0 + BLOB_NOISE * BLOB_NOISE))
            }
        }
    }
}

impl fmt::Display for PointKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for PointKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| Error::Parameter {
            name: "the kind of points",
            found: text.into(),
            allowed: format!("one of {}", Self::ALL.map(Self::name).join(", ")),
        })
    }
}
