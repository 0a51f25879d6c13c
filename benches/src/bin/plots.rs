//! Draws all pictures again from the figures in `results`, without measuring anything.

use sse_wire_bench::{Figures, results};
use std::{error::Error, fs};

fn main() -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(results())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "tsv") {
            let figures: Figures =
                fs::read_to_string(&path)?.parse().map_err(|error| format!("{}: {error}", path.display()))?;
            fs::write(path.with_extension("svg"), figures.draw())?;
            println!("{}", path.with_extension("svg").display());
        }
    }
    Ok(())
}
