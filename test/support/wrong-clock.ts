// Loaded before a process (`node --import`): its wall clock is wrong by so many seconds, always or only between two moments (milliseconds of the right clock), as
// it is told: `wrong-clock.ts?offset=-300` or `wrong-clock.ts?offset=300&from=1796000000000&to=1796000060000`. Monotonic time stays.
import { toldTo } from "../../scripts/network/preload.ts";

const MILLISECONDS = 1_000;

const given = toldTo(import.meta.url);
const offsetMs = Number(given.get("offset")) * MILLISECONDS;
const fromMs = Number(given.get("from") ?? 0);
const toMs = Number(given.get("to") ?? Number.POSITIVE_INFINITY);
const rightNow = Date.now.bind(Date);

function wrongNow(): number {
  const now = rightNow();
  return now >= fromMs && now < toMs ? now + offsetMs : now;
}

class WrongDate extends Date {
  constructor(...parts: readonly (number | string | Date)[]) {
    if (parts.length === 0) super(wrongNow());
    else super(...(parts as [number]));
  }

  static override now(): number {
    return wrongNow();
  }
}

globalThis.Date = WrongDate as DateConstructor;
