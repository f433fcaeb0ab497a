//! Turns templates and plans into trails and facts, before the trails exist.
