//! Draws figures as an SVG picture: a panel for each workload, a bar for each contender.

use crate::{
    Kind,
    figures::{Figures, Point},
    grouped,
    svg::{self, MARGIN, plain},
};
use std::fmt::{self, Write};

const WIDTH: f64 = 960.0;
const GAP: f64 = 36.0;
const TOP: f64 = 84.0;
const PANEL: f64 = (WIDTH - 2.0 * MARGIN - GAP) / 2.0;
const BAR: f64 = 16.0;
/// The part of a panel's width that the names and the longest bar take up; the values are to the right of it.
const NAMES: f64 = 178.0;
const BARS: f64 = PANEL - NAMES - 52.0;

/// Two panels side by side.
pub(crate) fn draw(svg: &mut String, figures: &Figures) -> fmt::Result {
    let mut body = String::new();
    let mut columns = [(MARGIN, TOP), (MARGIN + PANEL + GAP, TOP)];
    for workload in figures.workloads() {
        // Each panel goes into whichever column is shorter so far.
        let shorter = usize::from(columns[1].1 < columns[0].1);
        let (left, top) = &mut columns[shorter];
        *top += panel(&mut body, *left, *top, workload, figures)? + 26.0;
    }
    svg::document(svg, WIDTH, f64::max(columns[0].1, columns[1].1), figures, &body)
}

/// Draws a panel and returns its height.
fn panel(
    svg: &mut String,
    left: f64,
    top: f64,
    workload: &str,
    figures: &Figures,
) -> Result<f64, fmt::Error> {
    let bars: Vec<&Point> = figures.figures.iter().filter(|figure| figure.workload == workload).collect();
    let least = bars.iter().map(|bar| bar.value).fold(f64::INFINITY, f64::min);
    let most = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    // The axis begins at a power of ten, far enough below the shortest bar for that bar to be visible.
    let (low, high) = ((least * 0.7).log10().floor(), most.log10());
    let x = |value: f64| left + NAMES + BARS * (value.log10() - low) / (high - low);

    writeln!(
        svg,
        r#"<text x="{left}" y="{}" font-size="13.5" class="bold">{}</text>"#,
        top + 12.0,
        plain(workload),
    )?;
    let (first, last) = (top + 22.0, top + 22.0 + BAR * bars.len() as f64);
    for decade in low as i32..=high.floor() as i32 {
        let (value, x) = (10f64.powi(decade), x(10f64.powi(decade)));
        writeln!(svg, r#"<path class="grid" d="M{x:.1} {first}V{}"/>"#, last + 4.0)?;
        let tick = tick(value, &figures.unit);
        writeln!(svg, r#"<text class="tick" x="{x:.1}" y="{}">{tick}</text>"#, last + 15.0)?;
    }
    for (i, bar) in bars.iter().enumerate() {
        let (y, end) = (first + BAR * i as f64, x(bar.value));
        let (class, weight) = match bar.kind {
            Kind::Limit => ("limit", ""),
            Kind::Ours => ("ours", " bold"),
            Kind::Peer => ("peer", ""),
        };
        writeln!(
            svg,
            r#"<text class="name{weight}" x="{:.1}" y="{:.1}">{}</text><rect class="{class}" x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" rx="1.5"/><text class="value{weight}" x="{:.1}" y="{:.1}">{}</text>"#,
            left + NAMES - 7.0,
            y + 12.0,
            plain(&bar.contender),
            left + NAMES,
            y + 2.0,
            end - left - NAMES,
            BAR - 4.0,
            end + 5.0,
            y + 12.0,
            grouped(bar.value),
        )?;
    }
    Ok(last + 18.0 - top)
}

/// A power of ten with its unit.
fn tick(value: f64, unit: &str) -> String {
    match (unit, value) {
        ("ns", 1e3..1e6) => format!("{} µs", value / 1e3),
        ("ns", 1e6..1e9) => format!("{} ms", value / 1e6),
        ("ns", 1e9..) => format!("{} s", value / 1e9),
        _ => format!("{value} {unit}"),
    }
}
