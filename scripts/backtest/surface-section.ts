// The surface fit over every recorded option chain, as a section of the backtest.
import { percent } from "./format.ts";
import type { Section, SectionReport } from "./section.ts";
import { studySurfaces, type SurfaceStudy } from "./surface-study.ts";

const PERCENT = 100;
const MICROSECONDS_PER_MILLISECOND = 1_000;

function tablesOf(study: SurfaceStudy): SectionReport["tables"] {
  const volPoints = (value: number): string => `${value.toFixed(2)} vol points`;
  const milliseconds = (value: number): string => `${value.toFixed(0)} ms`;
  return [
    {
      title: "Slices with at least eight usable quotes",
      note: "Judged on grids of 3,001 strikes from 1/20 to 20 times the forward, apart from the fit's own.",
      header: ["what", "value"],
      rows: [
        ["snapshots", study.snapshots.toString()],
        ["slices", study.slicesWithEnoughQuotes.toString()],
        ["fitted", percent(study.fittedShare, 2)],
        ["free of butterfly arbitrage", percent(study.butterflyFreeShare, 2)],
        ["in order with the next expiry", percent(study.calendarConsistentShare, 2)],
        ["fitted, free of both", percent(study.soundShare, 2)],
        ["weighted error, median", volPoints(study.medianErrorVolPoints)],
        ["weighted error, 95th percentile", volPoints(study.tailErrorVolPoints)],
        ["points inside bid and ask, mean", percent(study.meanInsideSpreadShare, 2)],
        [
          "processor time of a snapshot, both markets, median",
          milliseconds(study.medianSnapshotMilliseconds),
        ],
        ["processor time of a snapshot, 95th percentile", milliseconds(study.tailSnapshotMilliseconds)],
      ],
    },
    {
      title: "What the fit (butterfly, calendar) did",
      header: ["repair", "slices"],
      rows: Object.entries(study.repairs)
        .toSorted(([, left], [, right]) => right - left)
        .map(([repair, slices]) => [repair, slices.toString()]),
    },
  ];
}

/** Processor time of this process, which other work on the machine does not lengthen. */
function processorMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / MICROSECONDS_PER_MILLISECOND;
}

export const surfaceSection: Section = {
  name: "surface",
  needsDataFolder: true,
  run: ({ dataFolder }, onProgress) => {
    if (dataFolder === undefined) throw new TypeError("the surface study needs a data folder");
    const study = studySurfaces({
      dataFolder,
      onProgress: (done, text) => {
        onProgress(`${text}, ${(done * PERCENT).toFixed(0)} %`);
      },
      now: processorMilliseconds,
    });
    return { title: "Volatility surface", result: study, tables: tablesOf(study), charts: [] };
  },
};
