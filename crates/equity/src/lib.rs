//! How unequally something is spread over territories, and how sure that is.
//!
//! Everything here is a function over columns: no clock, file, socket or chance; a seed is an argument, and the same
//! arguments give the same octets on every machine (logarithms and powers are those of `libm`, not of the platform).
//!
//! A [`Distribution`] is values with weights, checked once and sorted. [`Prepared`] holds what its indices need, so that
//! [`Prepared::figures`] and each draw of a bootstrap are one pass. [`Split`] parts Theil's indices between and within
//! classes, [`bootstrap`] says how sure a figure is, [`verdict`] whether it may be printed at all.
//!
//! A value that is missing is `None` where it comes in, and is counted with its weight; it never becomes a zero. A figure
//! that is not defined is `None` where it goes out.
//!
//! # Source
//! Cowell, Measuring Inequality, 2011 (indices and their split); Foster, Greer and Thorbecke, Econometrica 52, 1984;
//! Efron, Journal of the American Statistical Association 82, 1987 (intervals).

pub mod bootstrap;
mod concentration;
mod distribution;
mod figures;
mod interval;
mod moran;
mod normal;
mod parameters;
pub mod perequation;
mod release;
mod sample;
pub mod split;
mod student;
#[cfg(test)]
mod vectors;
pub mod verdict;
pub mod weighting;

pub use concentration::{Concentration, concentration};
pub use distribution::{Distribution, Missing, Unit, Unusable};
pub use figures::{Asked, Figures, Prepared, Scratch};
pub use interval::{Comparison, Interval, wilson};
pub use moran::{Local, Moran, Shuffles, discoveries, moran};
pub use parameters::{
    CountsMin, EnoughRule, Mark, NeighbourRule, PalmaShares, Parameter, Parameters, ReadAt,
    UnreadableParameters,
};
pub use release::{RELEASE_RULES, ReleaseRules};
pub use sample::{effective_count, intraclass_correlation, kish};
pub use split::Split;
