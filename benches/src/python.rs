//! Contenders in Python: a process that is told what to run, with one command on each line, and times it.

use std::{
    cell::RefCell,
    env,
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    rc::Rc,
};

/// A Python process. It answers each command with one line.
#[derive(Clone)]
pub struct Python(Rc<RefCell<Process>>);

struct Process {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Python {
    /// Starts `script` with the interpreter that the environment variable `PYTHON` names, or `python3`.
    pub fn start(script: &Path) -> io::Result<Self> {
        let interpreter = env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
        let mut child = Command::new(interpreter)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("no pipes to python"));
        };
        Ok(Python(Rc::new(RefCell::new(Process { child, stdin, stdout: BufReader::new(stdout) }))))
    }

    /// Sends a command and its bytes, and waits for the answer.
    pub fn ask(&self, command: &str, payload: &[u8]) -> io::Result<String> {
        let process = &mut *self.0.borrow_mut();
        writeln!(process.stdin, "{command}")?;
        process.stdin.write_all(payload)?;
        let mut line = String::new();
        match process.stdout.read_line(&mut line)? {
            0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "python ended")),
            _ => Ok(line.trim_end().to_owned()),
        }
    }

    /// Reads this many bytes after an answer.
    pub fn read(&self, len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        self.0.borrow_mut().stdout.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has nothing to lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
