//! Nodes and publishers on a real Redis.

mod faults;
mod nodes;
mod outages;
#[path = "../../proxy/mod.rs"]
mod proxy;
mod publishers;
#[path = "../../random/mod.rs"]
mod random;
mod slow;
