//! Empty: it is there for the features that its manifest turns on.
