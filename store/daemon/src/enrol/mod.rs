//! Setting up a method.

pub mod enrolment;
