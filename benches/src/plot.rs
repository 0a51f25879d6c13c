//! Draws tables as an SVG picture: a panel for each workload, a bar for each contender.

use crate::{Kind, Table, TableRow, grouped};
use std::fmt::{self, Write as _};

const WIDTH: f64 = 960.0;
const MARGIN: f64 = 24.0;
const GAP: f64 = 36.0;
const TOP: f64 = 84.0;
const PANEL: f64 = (WIDTH - 2.0 * MARGIN - GAP) / 2.0;
const BAR: f64 = 16.0;
/// The part of a panel's width that the names and the longest bar take up; the values are to the right of it.
const NAMES: f64 = 178.0;
const BARS: f64 = PANEL - NAMES - 52.0;

/// Draws the workloads of all tables, two panels side by side. The heading of a table is put before the
/// names of its workloads.
pub fn plot(title: &str, note: &str, tables: &[(&str, &Table)]) -> String {
    let panels: Vec<_> = tables
        .iter()
        .flat_map(|(heading, table)| (0..table.workloads.len()).map(move |i| (*heading, *table, i)))
        .collect();
    let mut svg = String::new();
    // Writing to a string does not fail.
    let _ = draw(&mut svg, title, note, &panels);
    svg
}

fn draw(svg: &mut String, title: &str, note: &str, panels: &[(&str, &Table, usize)]) -> fmt::Result {
    let mut body = String::new();
    let mut columns = [(MARGIN, TOP), (MARGIN + PANEL + GAP, TOP)];
    for (heading, table, workload) in panels {
        // Each panel goes into whichever column is shorter so far.
        let shorter = usize::from(columns[1].1 < columns[0].1);
        let (left, top) = &mut columns[shorter];
        *top += panel(&mut body, *left, *top, heading, table, *workload)? + 26.0;
    }
    let height = f64::max(columns[0].1, columns[1].1);
    writeln!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" font-family="system-ui, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif" font-size="11.5" fill="#24292f">
<style>.ours {{ fill: #c2410c }} .peer {{ fill: #64748b }} .limit {{ fill: #cbd5e1 }} .name {{ text-anchor: end }} .tick {{ text-anchor: middle; font-size: 10px; fill: #6e7781 }} .grid {{ stroke: #e5e7eb }} .value {{ paint-order: stroke; stroke: #fff; stroke-width: 3px }} .note {{ fill: #57606a }} .bold {{ font-weight: 600 }}</style>
<rect width="{WIDTH}" height="{height}" fill="#fff"/>
<text x="{MARGIN}" y="34" font-size="19" class="bold">{}</text>
<text x="{MARGIN}" y="55" class="note">{}</text>
{body}</svg>"##,
        plain(title),
        plain(note),
    )
}

/// Draws a panel and returns its height.
fn panel(
    svg: &mut String,
    left: f64,
    top: f64,
    heading: &str,
    table: &Table,
    column: usize,
) -> Result<f64, fmt::Error> {
    let bars: Vec<(&TableRow, f64)> =
        table.rows.iter().filter_map(|row| Some((row, row.figures[column].as_ref()?.figure.ns))).collect();
    let least = bars.iter().map(|(_, ns)| *ns).fold(f64::INFINITY, f64::min);
    let most = bars.iter().map(|(_, ns)| *ns).fold(0.0, f64::max);
    // The axis begins at a power of ten, far enough below the shortest bar for that bar to be visible.
    let (low, high) = ((least * 0.7).log10().floor(), most.log10());
    let x = |ns: f64| left + NAMES + BARS * (ns.log10() - low) / (high - low);

    writeln!(
        svg,
        r#"<text x="{left}" y="{}" font-size="13.5" class="bold">{}{}</text>"#,
        top + 12.0,
        plain(heading),
        plain(table.workloads[column]),
    )?;
    let (first, last) = (top + 22.0, top + 22.0 + BAR * bars.len() as f64);
    for decade in low as i32..=high.floor() as i32 {
        let (ns, x) = (10f64.powi(decade), x(10f64.powi(decade)));
        writeln!(svg, r#"<path class="grid" d="M{x:.1} {first}V{}"/>"#, last + 4.0)?;
        writeln!(svg, r#"<text class="tick" x="{x:.1}" y="{}">{}</text>"#, last + 15.0, time(ns))?;
    }
    for (i, (row, ns)) in bars.iter().enumerate() {
        let (y, end) = (first + BAR * i as f64, x(*ns));
        let (class, weight) = match row.kind {
            Kind::Limit => ("limit", ""),
            Kind::Ours => ("ours", " bold"),
            Kind::Peer => ("peer", ""),
        };
        writeln!(
            svg,
            r#"<text class="name{weight}" x="{:.1}" y="{:.1}">{}</text><rect class="{class}" x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" rx="1.5"/><text class="value{weight}" x="{:.1}" y="{:.1}">{}</text>"#,
            left + NAMES - 7.0,
            y + 12.0,
            plain(&row.name),
            left + NAMES,
            y + 2.0,
            end - left - NAMES,
            BAR - 4.0,
            end + 5.0,
            y + 12.0,
            grouped(*ns),
        )?;
    }
    Ok(last + 18.0 - top)
}

/// Text of the table without its markdown.
fn plain(text: &str) -> String {
    text.replace('`', "").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn time(ns: f64) -> String {
    match ns {
        ..1e3 => format!("{ns} ns"),
        ..1e6 => format!("{} µs", ns / 1e3),
        ..1e9 => format!("{} ms", ns / 1e6),
        _ => format!("{} s", ns / 1e9),
    }
}
