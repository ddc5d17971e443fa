/** Processes that are measured: each on a core of its own, and its CPU time as the operating system counts it. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** What is measured runs on one core; the load, PostgreSQL and Redis on the other. */
export const measuredCore = 0;
const loadCore = 1;

/** Linux counts CPU time in these for every architecture that Node.js runs on (USER_HZ). */
const ticksPerSecond = 100;

/** All threads that it has; later ones follow. */
export async function pin(pid: number, core: number): Promise<void> {
  await promisify(execFile)('taskset', ['-a', '-c', '-p', String(core), String(pid)]);
}

/** Also everything that this process starts from now on. */
export async function pinLoad(): Promise<void> {
  await pin(process.pid, loadCore);
}

/** Microseconds of CPU, user and system, that a process has used (proc_pid_stat(5)). */
export function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program, in brackets, may contain anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1_000_000;
}

/** Resident memory in megabytes (proc_pid_status(5)). */
export function residentMegabytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
