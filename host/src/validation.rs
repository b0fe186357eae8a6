//! Every check of a package.
