/** Processes that are measured: each on a core of its own, and its CPU time as the operating system counts it. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
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

/** The ports at the other end of the connections that a process has open (proc_pid_net(5)). */
export function peerPorts(pid: number): ReadonlySet<number> {
  const inodes = new Set<string>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      inodes.add(readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      // It was closed meanwhile.
    }
  }
  const ports = new Set<number>();
  for (const table of ['tcp', 'tcp6']) {
    for (const line of readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (inodes.has(`socket:[${fields[9]}]`)) ports.add(Number.parseInt(fields[2]?.split(':')[1] ?? '', 16));
    }
  }
  return ports;
}
