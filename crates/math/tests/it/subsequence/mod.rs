//! Which levels are visited: by what they are, by when they are, and as text.

mod levels;
mod text;
mod times;
