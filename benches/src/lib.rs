//! The harness of the benchmarks. Contenders (rows) and workloads (columns) are measured in turn, in many short rounds
//! within one process, so that changes in the machine's speed affect all of them equally; the median of a cell's rounds
//! counts.

mod allocations;
mod bars;
mod curves;
mod figures;
mod python;
mod svg;
mod threads;

pub use allocations::allocations;
pub use figures::{Chart, Figures, results};
pub use python::Python;
pub use threads::{pin, thread_time};

use std::{fmt, time::Duration};

/// Runs a workload this many times, and returns how long that took.
pub type Pass = Box<dyn FnMut(u64) -> Duration>;

/// The usual [`Pass`]: calls `run` in a loop, and measures the time for which it had the core. What else runs on the
/// machine then counts only as far as it gets in the way.
pub fn timed(mut run: impl FnMut() + 'static) -> Pass {
    Box::new(move |times| {
        let start = thread_time();
        for _ in 0..times {
            run();
        }
        thread_time() - start
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What no contender can beat, because it does only part of the work.
    Limit,
    /// This crate.
    Ours,
    /// Another crate, with which `Ours` is compared.
    Peer,
}

/// A contender.
pub struct Row {
    kind: Kind,
    name: String,
    /// One for each workload, in order. `None` if the contender cannot do it.
    cells: Vec<Option<Cell>>,
    counted: bool,
}

impl Row {
    pub fn new(kind: Kind, name: impl Into<String>, passes: impl IntoIterator<Item = Option<Pass>>) -> Self {
        let cells = passes.into_iter().map(|pass| pass.map(Cell::new)).collect();
        Row { kind, name: name.into(), cells, counted: true }
    }

    /// Whether the contender works in another thread or process, where its allocations are not counted.
    pub fn uncounted(mut self) -> Self {
        self.counted = false;
        self
    }
}

/// What is measured together.
pub struct Bench {
    /// The heading of the column, and how many events one run of the workload has.
    pub workloads: Vec<(&'static str, u64)>,
    pub rows: Vec<Row>,
}

/// A sample is long compared with the clock's resolution, and short compared with the system's time slice, so that most
/// samples are not interrupted.
const SAMPLE: Duration = Duration::from_millis(2);

impl Bench {
    /// Measures everything `rounds` times, at least once. Progress goes to stderr.
    pub fn run(self, rounds: usize) -> Table {
        let Bench { workloads, mut rows } = self;
        let rounds = rounds.max(1);
        eprint!("warm-up");
        rows.iter_mut().flat_map(|row| &mut row.cells).flatten().for_each(Cell::warm_up);
        for round in 0..rounds {
            eprint!("\rround {} of {rounds}  ", round + 1);
            for (column, _) in workloads.iter().enumerate() {
                for turn in 0..rows.len() {
                    // Each round begins with a different contender, so that none always follows the same one.
                    let row = (round + turn) % rows.len();
                    if let Some(cell) = &mut rows[row].cells[column] {
                        cell.measure();
                    }
                }
            }
        }
        eprintln!();
        let rows = rows.into_iter().map(|row| TableRow {
            kind: row.kind,
            name: row.name,
            figures: row
                .cells
                .into_iter()
                .zip(&workloads)
                .map(|(cell, (_, events))| Some(cell?.measured(*events, row.counted)))
                .collect(),
        });
        Table { rows: rows.collect(), workloads: workloads.iter().map(|(name, _)| *name).collect() }
    }
}

struct Cell {
    pass: Pass,
    /// How many runs make up a sample.
    times: u64,
    samples: Vec<Duration>,
    /// The number of events in one sample.
    allocations: u64,
}

impl Cell {
    fn new(pass: Pass) -> Self {
        Cell { pass, times: 1, samples: Vec::new(), allocations: 0 }
    }

    fn warm_up(&mut self) {
        loop {
            let before = allocations();
            let took = (self.pass)(self.times);
            self.allocations = allocations() - before;
            if took >= SAMPLE {
                return;
            }
            self.times *= 2;
        }
    }

    fn measure(&mut self) {
        self.samples.push((self.pass)(self.times));
    }

    fn measured(self, events: u64, count_allocations: bool) -> Measured {
        let events = (self.times * events) as f64;
        let rounds: Vec<f64> = self.samples.iter().map(|sample| sample.as_nanos() as f64 / events).collect();
        let figure = Figure {
            ns: median(rounds.clone()),
            allocations: count_allocations.then_some(self.allocations as f64 / events),
        };
        Measured { figure, rounds }
    }
}

/// What one contender needs for one event of a workload.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    pub ns: f64,
    pub allocations: Option<f64>,
}

/// The result, shown as a markdown table.
pub struct Table {
    workloads: Vec<&'static str>,
    rows: Vec<TableRow>,
}

struct TableRow {
    kind: Kind,
    name: String,
    figures: Vec<Option<Measured>>,
}

struct Measured {
    figure: Figure,
    /// The nanoseconds of each round.
    rounds: Vec<f64>,
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

impl Table {
    /// The figure of a contender.
    ///
    /// # Panics
    /// If there is none.
    pub fn get(&self, row: &str, column: usize) -> Figure {
        self.measured(row, column).figure
    }

    fn measured(&self, row: &str, column: usize) -> &Measured {
        let row = self.rows.iter().find(|r| r.name == row).expect("no such row");
        row.figures[column].as_ref().expect("no such figure")
    }

    /// How long one contender takes in relation to the best of these peers, and which peer that is: the largest of the
    /// medians of the rounds' ratios. Unlike the ratio of two medians, it does not vary with the machine's speed.
    ///
    /// # Panics
    /// If there is no figure, or no peer.
    pub fn ratio(&self, row: &str, column: usize, is_meant: impl Fn(&str) -> bool) -> (&str, f64) {
        let ours = &self.measured(row, column).rounds;
        let peers = self.rows.iter().filter(|row| row.kind == Kind::Peer && is_meant(&row.name));
        peers
            .filter_map(|row| {
                let theirs = &row.figures[column].as_ref()?.rounds;
                Some((row.name.as_str(), median(ours.iter().zip(theirs).map(|(a, b)| a / b).collect())))
            })
            .max_by(|(_, a), (_, b)| a.total_cmp(b))
            .expect("no peer")
    }

    /// The fastest peer.
    ///
    /// # Panics
    /// If there is none.
    pub fn best_peer(&self, column: usize) -> (&str, Figure) {
        let peers = self.rows.iter().filter(|row| row.kind == Kind::Peer);
        peers
            .filter_map(|row| Some((row.name.as_str(), row.figures[column].as_ref()?.figure)))
            .min_by(|(_, a), (_, b)| a.ns.total_cmp(&b.ns))
            .expect("no peer")
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| ns an event / allocations an event | {} |", self.workloads.join(" | "))?;
        writeln!(f, "|---|{}", "--:|".repeat(self.workloads.len()))?;
        for row in &self.rows {
            let bold = if row.kind == Kind::Ours { "**" } else { "" };
            write!(f, "| {bold}{}{bold} |", row.name)?;
            for measured in &row.figures {
                match measured.as_ref().map(|measured| measured.figure) {
                    Some(Figure { ns, allocations: Some(n) }) => {
                        write!(f, " {bold}{} / {}{bold} |", grouped(ns), (n * 10.0).round() / 10.0)?
                    }
                    Some(Figure { ns, allocations: None }) => write!(f, " {} |", grouped(ns))?,
                    None => write!(f, " – |")?,
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// A figure with as many digits as are meaningful, in groups of three: `7.6`, `41`, `55,000`.
pub fn grouped(figure: f64) -> String {
    let digits = match figure {
        ..10.0 => return format!("{figure:.1}"),
        ..10_000.0 => format!("{figure:.0}"),
        _ => format!("{:.0}", (figure / 100.0).round() * 100.0),
    };
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// The target of a figure: at most `must`, and preferably at most `aim`.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub must: f64,
    pub aim: f64,
}

impl Target {
    /// For instance "must 0.40, aim 0.25: 0.31, must met".
    pub fn verdict(self, figure: f64) -> String {
        let Target { must, aim } = self;
        let verdict = match figure {
            _ if figure <= aim => "aim met",
            _ if figure <= must => "must met",
            _ => "MISSED",
        };
        format!("must {must:.2}, aim {aim:.2}: {figure:.2}, {verdict}")
    }
}

/// For instance "at most 0: 0, met". Both are rounded as in the tables, so that what a contender needs only once does
/// not count.
pub fn verdict_at_most(limit: f64, figure: f64) -> String {
    let [limit, figure] = [limit, figure].map(|figure| (figure * 10.0).round() / 10.0);
    format!("at most {limit}: {figure}, {}", if figure <= limit { "met" } else { "MISSED" })
}
