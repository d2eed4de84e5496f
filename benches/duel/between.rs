//! Two pieces of work, done in turn, so that the load of the machine is the same for both.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

/// Prints the head of the lines that [`between`] prints, over the two that are asked.
pub(crate) fn print_head(left: &str, right: &str) {
    println!("{:<52} {left:>10} {right:>10} {:>6} {:>11} {:>11} {:>6}", "", "ratio", "CPU", "CPU", "ratio");
}

/// Does both so many times in turn, and prints the medians of time and CPU (of all threads, from `/proc`, so Linux only).
pub(crate) fn between(name: &str, times: usize, [left, right]: [&mut dyn FnMut(); 2]) {
    let mut taken: [Vec<(Duration, Duration)>; 2] = Default::default();
    for _ in 0..times {
        taken[0].push(timed(left));
        taken[1].push(timed(right));
    }
    let [left, right] = &taken;
    let times = [left, right].map(|taken| median(taken.iter().map(|(time, _)| *time)));
    let cpu = [left, right].map(|taken| median(taken.iter().map(|(_, cpu)| *cpu)));
    println!(
        "{name:<52} {:>7.1} ms {:>7.1} ms {:>6.3} {:>8.1} ms {:>8.1} ms {:>6.3}",
        times[0],
        times[1],
        times[0] / times[1],
        cpu[0],
        cpu[1],
        cpu[0] / cpu[1]
    );
}

/// Does a piece of work, and returns its time and CPU.
fn timed(work: &mut dyn FnMut()) -> (Duration, Duration) {
    let (began, cpu) = (Instant::now(), cpu_time());
    work();
    (began.elapsed(), cpu_time().saturating_sub(cpu))
}

/// Returns the median in milliseconds.
fn median(times: impl Iterator<Item = Duration>) -> f64 {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e3
}

/// Returns the CPU time of all threads.
fn cpu_time() -> Duration {
    let of_thread = |task: &Path| -> Option<u64> {
        fs::read_to_string(task.join("schedstat")).ok()?.split(' ').next()?.parse().ok()
    };
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return Duration::ZERO };
    Duration::from_nanos(tasks.flatten().filter_map(|task| of_thread(&task.path())).sum())
}
