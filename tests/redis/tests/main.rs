//! Nodes and publishers on a real Redis.

mod nodes;
mod outages;
mod publishers;
mod slow;
