import { readFileSync } from "node:fs";

/** Linux counts in hundredths of a second, whatever its clock. */
const MS_PER_TICK = 10;
/** Of the fields behind the program's name, which may hold spaces: time in user mode, and in the kernel for it. */
const USER_FIELD = 11;
const SYSTEM_FIELD = 12;

/** The processor time that a process has used, ms, from Linux; null where the system does not say, or the process is gone. */
export function processorMs(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(fields[USER_FIELD]) + Number(fields[SYSTEM_FIELD]);
    return Number.isFinite(ticks) ? ticks * MS_PER_TICK : null;
  } catch {
    return null;
  }
}
