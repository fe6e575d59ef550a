import { SECONDS_PER_DAY } from "../../../keeper/core/units.ts";

/** A recorded crash. */
export interface CrashEpisode {
  readonly id: string;
  readonly title: string;
  /** Unix seconds: midnight that begins the first day and midnight that ends the last. */
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** Prefix and minutes of the finest bars that both markets have; undefined where only hours are recorded. */
  readonly fine: { readonly prefix: string; readonly minutes: 1 | 5 | 30 } | undefined;
}

function episode(
  id: string,
  title: string,
  firstDay: string,
  lastDay: string,
  fine?: CrashEpisode["fine"],
): CrashEpisode {
  return {
    id,
    title,
    startSeconds: Date.parse(firstDay) / 1000,
    endSeconds: Date.parse(lastDay) / 1000 + SECONDS_PER_DAY,
    fine,
  };
}

/** The crashes of 2020 to 2025, by the days that the record of episodes gives them. */
export const CRASHES: readonly CrashEpisode[] = [
  episode("black_thursday", "Black Thursday", "2020-03-11", "2020-03-15"),
  episode("may_2021", "May 2021", "2021-05-12", "2021-05-24", { prefix: "2021-05", minutes: 1 }),
  episode("dec_2021", "December 2021", "2021-12-03", "2021-12-06", { prefix: "2021-12", minutes: 1 }),
  episode("terra_luna", "Terra and Luna", "2022-05-05", "2022-05-14", { prefix: "2022-05", minutes: 30 }),
  episode("celsius_3ac", "Celsius and 3AC", "2022-06-10", "2022-06-20", { prefix: "2022-06", minutes: 30 }),
  episode("ftx", "FTX", "2022-11-05", "2022-11-15", { prefix: "2022-11", minutes: 30 }),
  episode("svb_usdc", "SVB and USDC", "2023-03-08", "2023-03-15", { prefix: "2023-03", minutes: 5 }),
  episode("aug_2023", "August 2023", "2023-08-16", "2023-08-19", { prefix: "2023-08", minutes: 5 }),
  episode("yen_carry", "Yen carry", "2024-08-01", "2024-08-08", { prefix: "2024-08", minutes: 5 }),
  episode("tariff_feb_2025", "Tariffs, February 2025", "2025-01-31", "2025-02-04", {
    prefix: "2025-02",
    minutes: 5,
  }),
  episode("tariff_apr_2025", "Tariffs, April 2025", "2025-04-02", "2025-04-10", {
    prefix: "2025-04",
    minutes: 5,
  }),
];
