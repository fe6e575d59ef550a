import { MARKETS } from "../../ports/market-data.ts";
import type { ExpiryQuotes, MarketSnapshot, OptionKind, OptionQuote } from "../../ports/market-data.ts";
import { ABSENT, STRIKE_FIELDS, optionEpisodeHeader, optionEpisodeRecord } from "./file-format.ts";
import type { MarketListing, OptionEpisodeHeader, OptionEpisodeRecord } from "./file-format.ts";
import { assertRising, readRecords } from "./read-records.ts";
import type { NumberedRecord } from "./read-records.ts";
import { ReplayFileError } from "./replay-file-error.ts";

const HEADER_LINE = 1;

type StrikeField = (typeof STRIKE_FIELDS)[number];

function assertListingsRise(file: string, header: OptionEpisodeHeader): void {
  for (const market of MARKETS) {
    const { expiries } = header.markets[market];
    assertRising(
      file,
      expiries.map(({ expirySeconds }) => ({ line: HEADER_LINE, value: expirySeconds })),
    );
    for (const { strikesUsd } of expiries) {
      assertRising(
        file,
        strikesUsd.map((value) => ({ line: HEADER_LINE, value })),
      );
    }
  }
}

/** Converts the records of one file; knows where it is for errors. */
function snapshotReader(
  file: string,
  header: OptionEpisodeHeader,
): (numbered: NumberedRecord<OptionEpisodeRecord>) => MarketSnapshot {
  return ({ line, record }) => {
    const listing = header.markets[record.market];
    assertRising(
      file,
      record.chains.map(([index]) => ({ line, value: index })),
    );
    const spotUsd = record.spot / listing.spotTicksPerUsd;
    return {
      market: record.market,
      observedAtSeconds: record.time,
      spotUsd,
      spotLowUsd: null,
      openInterestUsd: (record.openInterest / listing.openInterestTicksPerCoin) * spotUsd,
      depthUsd: null,
      expiries: record.chains.map(([index, forward, numbers]) => {
        const expiry = listing.expiries[index];
        if (expiry === undefined)
          throw new ReplayFileError("inconsistent", file, line, `no expiry ${index} in the header`);
        if (expiry.expirySeconds <= record.time) {
          throw new ReplayFileError(
            "inconsistent",
            file,
            line,
            `expiry ${expiry.expirySeconds} is past at ${record.time}`,
          );
        }
        if (numbers.length !== expiry.strikesUsd.length * STRIKE_FIELDS.length) {
          throw new ReplayFileError(
            "inconsistent",
            file,
            line,
            `${numbers.length} numbers for ${expiry.strikesUsd.length} strikes`,
          );
        }
        const quotes = expiry.strikesUsd.flatMap((strikeUsd, at) => {
          const cells = numbers.slice(at * STRIKE_FIELDS.length, (at + 1) * STRIKE_FIELDS.length);
          return strikeQuotes(file, line, strikeUsd, cells, listing, spotUsd);
        });
        return {
          expirySeconds: expiry.expirySeconds,
          forwardUsd: forward / listing.spotTicksPerUsd,
          quotes,
        } satisfies ExpiryQuotes;
      }),
    };
  };
}

/** Call and put of one strike; nothing when the strike was not listed. */
function strikeQuotes(
  file: string,
  line: number,
  strikeUsd: number,
  cells: readonly number[],
  listing: MarketListing,
  spotUsd: number,
): readonly OptionQuote[] {
  const cell = (field: StrikeField): number => cells[STRIKE_FIELDS.indexOf(field)] ?? ABSENT;
  const premium = (field: StrikeField): number | null =>
    cell(field) === ABSENT ? null : (cell(field) / listing.premiumTicksPerCoin) * spotUsd;
  const vol = cell("vol") / listing.volTicksPerUnit;
  if (cell("vol") === ABSENT) {
    if (cells.some((value) => value !== ABSENT)) {
      throw new ReplayFileError(
        "inconsistent",
        file,
        line,
        `strike ${strikeUsd} has figures but no volatility`,
      );
    }
    return [];
  }
  const quote = (
    kind: OptionKind,
    bid: StrikeField,
    ask: StrikeField,
    openInterest: StrikeField,
  ): OptionQuote => {
    if (cell(ask) !== ABSENT && cell(bid) > cell(ask)) {
      throw new ReplayFileError(
        "crossed-quote",
        file,
        line,
        `${kind} ${strikeUsd}: bid ${cell(bid)} above ask ${cell(ask)} ticks`,
      );
    }
    return {
      kind,
      strikeUsd,
      bidUsd: premium(bid),
      askUsd: premium(ask),
      venueVol: vol,
      openInterest: cell(openInterest) / listing.openInterestTicksPerCoin,
    };
  };
  return [
    quote("call", "callBid", "callAsk", "callOpenInterest"),
    quote("put", "putBid", "putAsk", "putOpenInterest"),
  ];
}

/** Reads recorded option chains as snapshots in rising order of time. Throws `ReplayFileError`. */
export function readOptionEpisode(file: string): {
  readonly title: string;
  readonly snapshots: readonly MarketSnapshot[];
} {
  const { header, records } = readRecords(file, optionEpisodeHeader, optionEpisodeRecord);
  assertListingsRise(file, header);
  for (const market of MARKETS) {
    const ofMarket = records.filter(({ record }) => record.market === market);
    assertRising(
      file,
      ofMarket.map(({ line, record }) => ({ line, value: record.time })),
    );
  }
  return { title: header.title, snapshots: records.map(snapshotReader(file, header)) };
}
