//! Plans how a trail gets a key that works, step by step, and how to go back.
