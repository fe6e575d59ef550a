import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { DAILY_HISTORY_FILE, loadDailyHistory } from "../../../../keeper/adapters/replay/daily-history.ts";
import type {
  DailyHistoryRecord,
  OptionEpisodeHeader,
  OptionEpisodeRecord,
  SpotEpisodeRecord,
} from "../../../../keeper/adapters/replay/file-format.ts";
import { readOptionEpisode } from "../../../../keeper/adapters/replay/option-episode.ts";
import type { ReplayFileErrorCode } from "../../../../keeper/adapters/replay/replay-file-error.ts";
import { readSpotEpisode } from "../../../../keeper/adapters/replay/spot-episode.ts";
import { expectFileError, expectReadError, linesOf, textOf } from "./support.ts";

const HEADER_LINE = 1;
const FIRST_RECORD_LINE = 2;
const SECOND_RECORD_LINE = 3;

describe("a corrupt option episode", () => {
  type Lines = [OptionEpisodeHeader, OptionEpisodeRecord, OptionEpisodeRecord, OptionEpisodeRecord];
  const sound = (): Lines => linesOf<unknown>("episodes/2026-02.ndjson").slice(0, 4) as Lines;
  const expectError = (lines: readonly unknown[], code: ReplayFileErrorCode, line: number): void => {
    expectFileError(textOf(lines), readOptionEpisode, code, line);
  };
  /** The first record with the first chain's numbers changed. */
  const withNumbers = (change: (numbers: number[]) => number[]): readonly unknown[] => {
    const [header, record] = sound();
    const [first, ...others] = record.chains;
    if (first === undefined) throw new Error("the first record has no chain");
    return [header, { ...record, chains: [[first[0], first[1], change([...first[2]])], ...others] }];
  };

  it("is unreadable when it is not there", () => {
    expectReadError(join(tmpdir(), "no-such-folder", "episode.ndjson"), readOptionEpisode, "unreadable", 0);
  });

  it("is not JSON when it was cut off or is empty", () => {
    expectFileError("", readOptionEpisode, "not-json", HEADER_LINE);
    expectFileError(
      textOf(sound().slice(0, 2)).slice(0, -10),
      readOptionEpisode,
      "not-json",
      FIRST_RECORD_LINE,
    );
  });

  it("has the wrong shape with an unknown version, format, market, field or fraction", () => {
    const [header, record] = sound();
    expectError([{ ...header, version: 2 }, record], "wrong-shape", HEADER_LINE);
    expectError([{ ...header, format: "ballast-spot-episode" }, record], "wrong-shape", HEADER_LINE);
    expectError([header, { ...record, market: "SOL" }], "wrong-shape", FIRST_RECORD_LINE);
    expectError([header, { ...record, extra: 1 }], "wrong-shape", FIRST_RECORD_LINE);
    expectError([header, { ...record, spot: record.spot + 0.5 }], "wrong-shape", FIRST_RECORD_LINE);
    expectError([header, { ...record, spot: 0 }], "wrong-shape", FIRST_RECORD_LINE);
    expectError([header, { ...record, time: -1 }], "wrong-shape", FIRST_RECORD_LINE);
    expectError(
      withNumbers(([, ...rest]) => [-1, ...rest]),
      "wrong-shape",
      FIRST_RECORD_LINE,
    );
  });

  it("has no records when only the header is left", () => {
    expectError(sound().slice(0, 1), "no-records", 0);
  });

  it("is out of order when a market's times do not strictly rise", () => {
    const [header, btc, eth, later] = sound();
    expectError([header, btc, eth, btc], "out-of-order", FIRST_RECORD_LINE + 2);
    expectError([header, later, eth, btc], "out-of-order", FIRST_RECORD_LINE + 2);
  });

  it("is out of order when expiries or strikes of the header do not rise", () => {
    const [header, record] = sound();
    const { BTC } = header.markets;
    const reversed = { ...BTC, expiries: BTC.expiries.toReversed() };
    expectError(
      [{ ...header, markets: { ...header.markets, BTC: reversed } }, record],
      "out-of-order",
      HEADER_LINE,
    );
    const twisted = {
      ...BTC,
      expiries: BTC.expiries.map((e) => ({ ...e, strikesUsd: e.strikesUsd.toReversed() })),
    };
    expectError(
      [{ ...header, markets: { ...header.markets, BTC: twisted } }, record],
      "out-of-order",
      HEADER_LINE,
    );
  });

  it("is inconsistent with an expiry that is past, unknown, or has other strikes than the header", () => {
    const [header, record] = sound();
    const [first, second] = record.chains;
    const firstExpiry = header.markets.BTC.expiries[0]?.expirySeconds ?? 0;
    expectError([header, { ...record, time: firstExpiry }], "inconsistent", FIRST_RECORD_LINE);
    expectError(
      [header, { ...record, chains: [[99, ...(first?.slice(1) ?? [])]] }],
      "inconsistent",
      FIRST_RECORD_LINE,
    );
    expectError(
      [header, { ...record, chains: [[0, ...(second?.slice(1) ?? [])]] }],
      "inconsistent",
      FIRST_RECORD_LINE,
    );
    expectError(
      withNumbers((numbers) => numbers.slice(1)),
      "inconsistent",
      FIRST_RECORD_LINE,
    );
  });

  it("is out of order when an expiry stands twice in a record", () => {
    const [header, record] = sound();
    const [first] = record.chains;
    expectError([header, { ...record, chains: [first, first] }], "out-of-order", FIRST_RECORD_LINE);
  });

  it("is inconsistent with figures at a strike that has no volatility", () => {
    expectError(
      withNumbers((numbers) => numbers.map((value, index) => (index === 4 ? 0 : value))),
      "inconsistent",
      FIRST_RECORD_LINE,
    );
  });

  it("is refused when a call or a put is crossed by one tick", () => {
    const crossed = (bidAt: number): readonly unknown[] =>
      withNumbers((numbers) =>
        numbers.map((value, index) => (index === bidAt ? (numbers[bidAt + 1] ?? 0) + 1 : value)),
      );
    expectError(crossed(0), "crossed-quote", FIRST_RECORD_LINE);
    expectError(crossed(2), "crossed-quote", FIRST_RECORD_LINE);
  });
});

describe("a corrupt spot episode", () => {
  const [header, first, second] = linesOf<SpotEpisodeRecord>("episodes/2020-03.ndjson") as [
    unknown,
    SpotEpisodeRecord,
    SpotEpisodeRecord,
  ];

  it("is out of order when an hour comes twice", () => {
    expectFileError(textOf([header, first, first]), readSpotEpisode, "out-of-order", SECOND_RECORD_LINE);
    expectFileError(textOf([header, second, first]), readSpotEpisode, "out-of-order", SECOND_RECORD_LINE);
  });

  it("is inconsistent when a low lies above its close", () => {
    const [time, btcClose, , ethClose, ethLow] = first;
    const raised = [time, btcClose, btcClose + 1, ethClose, ethLow];
    expectFileError(textOf([header, raised]), readSpotEpisode, "inconsistent", FIRST_RECORD_LINE);
  });

  it("has the wrong shape with a missing column or a price of zero", () => {
    expectFileError(textOf([header, first.slice(0, 4)]), readSpotEpisode, "wrong-shape", FIRST_RECORD_LINE);
    expectFileError(
      textOf([header, [...first.slice(0, 4), 0]]),
      readSpotEpisode,
      "wrong-shape",
      FIRST_RECORD_LINE,
    );
  });
});

describe("a corrupt daily history", () => {
  const [header, first, second] = linesOf<DailyHistoryRecord>("history/daily.ndjson") as [
    unknown,
    DailyHistoryRecord,
    DailyHistoryRecord,
  ];
  const expectError = (lines: readonly unknown[], code: ReplayFileErrorCode, line: number): void => {
    const folder = mkdtempSync(join(tmpdir(), "replay-"));
    try {
      const file = join(folder, DAILY_HISTORY_FILE);
      mkdirSync(join(folder, "history"));
      writeFileSync(file, textOf(lines));
      expectReadError(file, () => loadDailyHistory(folder), code, line);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  it("is out of order when a day comes twice or late", () => {
    expectError([header, first, first], "out-of-order", SECOND_RECORD_LINE);
    expectError([header, second, first], "out-of-order", SECOND_RECORD_LINE);
  });

  it("is inconsistent with a series the header does not name", () => {
    expectError([header, [first[0], 2, ...first.slice(2)]], "inconsistent", FIRST_RECORD_LINE);
  });
});
