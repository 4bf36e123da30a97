//! Processes in continuous time: their closed forms, the equations they solve, both their ends, and what they refuse.

mod ends;
mod forms;
mod refused;
