//! What the system says of this process, with the names that every dashboard reads: processor time, memory, files, and since
//! when it runs. Where there is no /proc, nothing is said.

use std::fmt::Write;
use std::fs;

/// Entries of the auxiliary vector: the size of a page, and how many ticks a second has.
const PAGE_SIZE: u64 = 6;
const TICKS: u64 = 17;

struct Process {
    /// User and system time.
    cpu_seconds: f64,
    virtual_bytes: u64,
    resident_bytes: u64,
    start: f64,
    open_files: usize,
    most_files: Option<u64>,
}

/// A number out of the auxiliary vector, which is pairs of a key and a value.
fn auxiliary(vector: &[u8], wanted: u64) -> Option<u64> {
    let number = |bytes: &[u8]| bytes.try_into().ok().map(u64::from_ne_bytes);
    vector.chunks_exact(16).find_map(|pair| {
        let (key, value) = pair.split_at(8);
        (number(key)? == wanted).then(|| number(value))?
    })
}

impl Process {
    fn read() -> Option<Self> {
        let vector = fs::read("/proc/self/auxv").ok()?;
        let (page, ticks) = (auxiliary(&vector, PAGE_SIZE)?, auxiliary(&vector, TICKS)? as f64);
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        // The second field is a name in brackets, and may hold anything.
        let fields: Vec<u64> =
            stat.rsplit_once(')')?.1.split_whitespace().map(|f| f.parse().unwrap_or_default()).collect();
        let field = |number: usize| fields.get(number - 3).copied();
        let system = fs::read_to_string("/proc/stat").ok()?;
        let boot: f64 = system.lines().find_map(|l| l.strip_prefix("btime "))?.trim().parse().ok()?;
        let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
        let most_files = limits.lines().find_map(|l| l.strip_prefix("Max open files"));
        Some(Self {
            cpu_seconds: (field(14)? + field(15)?) as f64 / ticks,
            start: boot + field(22)? as f64 / ticks,
            virtual_bytes: field(23)?,
            resident_bytes: field(24)? * page,
            open_files: fs::read_dir("/proc/self/fd").ok()?.count(),
            most_files: most_files.and_then(|l| l.split_whitespace().next()?.parse().ok()),
        })
    }
}

/// Adds the text of the metrics to that of others.
pub(super) fn text(out: &mut Vec<u8>) {
    let Some(process) = Process::read() else { return };
    let mut text = String::new();
    let mut one = |name: &str, kind: &str, help: &str, value: String| {
        let _ = write!(text, "# HELP process_{name} {help}\n# TYPE process_{name} {kind}\nprocess_{name} {value}\n");
    };
    one("cpu_seconds_total", "counter", "Processor time used, in seconds.", process.cpu_seconds.to_string());
    if let Some(most) = process.most_files {
        one("max_fds", "gauge", "How many files may be open.", most.to_string());
    }
    one("open_fds", "gauge", "How many files are open.", process.open_files.to_string());
    one("resident_memory_bytes", "gauge", "Memory in use.", process.resident_bytes.to_string());
    one("start_time_seconds", "gauge", "Since when it runs, in seconds since the epoch.", process.start.to_string());
    one("virtual_memory_bytes", "gauge", "Addresses in use.", process.virtual_bytes.to_string());
    out.extend_from_slice(text.as_bytes());
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_system_is_read_in_its_units() {
        let process = Process::read().expect("a /proc");
        assert!((1 << 20..1 << 40).contains(&process.resident_bytes), "{}", process.resident_bytes);
        let now = jiff::Timestamp::now().as_millisecond() as f64 / 1_000.0;
        // The time of boot is in whole seconds, and moves by one when the clock is set.
        assert!((-2.0..86_400.0).contains(&(now - process.start)), "started {}, now {now}", process.start);
        assert!(process.open_files > 2 && process.cpu_seconds < 3_600.0);
        let mut out = Vec::new();
        text(&mut out);
        assert!(String::from_utf8_lossy(&out).contains("\nprocess_cpu_seconds_total "));
    }

    #[test]
    fn the_auxiliary_vector_is_pairs() {
        let vector: Vec<u8> = [6u64, 4096, 17, 100].iter().flat_map(|n| n.to_ne_bytes()).collect();
        assert_eq!((auxiliary(&vector, TICKS), auxiliary(&vector, 4096)), (Some(100), None));
    }
}
