import { readFileSync } from "node:fs";

const BYTES_PER_KIB = 1_024;

/** The most memory that a process ever held, VmHWM of Linux; null where the system does not say, or the process is gone. */
export function peakMemoryBytes(pid: number): number | null {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kib === undefined ? null : Number(kib) * BYTES_PER_KIB;
  } catch {
    return null;
  }
}
