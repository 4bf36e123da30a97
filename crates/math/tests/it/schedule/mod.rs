//! The schedules against their formulas, known values, and what they refuse.

mod formulas;
mod known;
mod names;
mod refused;
mod rescaled;
