//! Carries out a plan, each step verified before the next, with a journal to go back by.
