//! The channels' counters, in Prometheus' text format.

use crate::feeds::Feeds;
use sse_wire::channel::Metrics;
use std::fmt::Write;

pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A metric of each channel: its name, its type, what it is, and its value.
type Metric = (&'static str, &'static str, &'static str, fn(&Metrics) -> u64);

const METRICS: [Metric; 7] = [
    ("published_total", "counter", "Events published.", |m| m.published),
    ("delivered_total", "counter", "Events handed to connections.", |m| m.delivered),
    ("missed_total", "counter", "Events that subscribers missed, and were told about.", |m| m.missed),
    ("filtered_total", "counter", "Events that filters held back.", |m| m.filtered),
    ("subscribers", "gauge", "Connected clients.", |m| m.subscribers as u64),
    ("retained_events", "gauge", "Events that can be replayed.", |m| m.retained_events as u64),
    ("retained_bytes", "gauge", "Their size.", |m| m.retained_bytes as u64),
];

pub fn text(feeds: &Feeds) -> String {
    let channels: Vec<_> = feeds.metrics().into_iter().map(|(name, m)| (label(&name), m)).collect();
    let mut text = String::new();
    for (metric, kind, help, value) in METRICS {
        let _ = writeln!(text, "# HELP broadcast_{metric} {help}\n# TYPE broadcast_{metric} {kind}");
        for (name, metrics) in &channels {
            let _ = writeln!(text, "broadcast_{metric}{{channel=\"{name}\"}} {}", value(metrics));
        }
    }
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let _ = writeln!(
        text,
        "# HELP broadcast_tasks Tasks that are alive: one for each connection.\n# TYPE broadcast_tasks gauge\nbroadcast_tasks {tasks}"
    );
    text
}

/// The name, escaped for use between quotes.
fn label(name: &str) -> String {
    name.replace('\\', "\\\\").replace('"', "\\\"")
}
