import { expect } from "chai";
import { openRecordSource, type OpenRecordSource } from "../../../../keeper/adapters/venues/record-source.ts";
import { recordingTelemetry } from "../../../support/keeper-doubles.ts";
import { serveRecords, type RecordServers } from "../../../support/record-servers.ts";
import { barOf, HOUR, indexOf } from "../../../support/venue-hours.ts";
import { venueErrorOf } from "./support.ts";

const TIMEOUT_MS = 10_000;
const AFTER = Date.UTC(2026, 5, 10) / 1_000;
const ends = (count: number) => Array.from({ length: count }, (_, index) => AFTER + (index + 1) * HOUR);

describe("the source of hours", () => {
  let servers: RecordServers;
  let source: OpenRecordSource;
  const open = async (...settings: Parameters<typeof serveRecords>) => {
    servers = await serveRecords(...settings);
    source = await openRecordSource({
      timeoutMs: TIMEOUT_MS,
      origins: servers.origins,
      telemetry: recordingTelemetry(),
    });
  };
  afterEach(async () => {
    source.close();
    await servers.close();
  });

  it("reads the hours of Binance's spot market that end within the bounds, as they are written", async () => {
    await open();
    for (const market of ["BTC", "ETH"] as const)
      expect(await source.bars(market, AFTER, AFTER + 3 * HOUR)).to.deep.equal(
        ends(3).map((end) => barOf(market, end)),
      );
    const query = new URL(servers.binance.paths[0] ?? "", servers.origins.binance);
    expect(query.pathname).to.equal("/api/v3/klines");
    expect(Object.fromEntries(query.searchParams)).to.deep.equal({
      symbol: "BTCUSDT",
      interval: "1h",
      startTime: (AFTER * 1_000).toString(),
      endTime: ((AFTER + 3 * HOUR) * 1_000 - 1).toString(),
      limit: "1000",
    });
  });

  it("reads the volatility index page by page, from the newest back, and gives it rising", async () => {
    await open(4);
    const vols = await source.impliedVols("ETH", AFTER, AFTER + 10 * HOUR);
    expect(vols).to.deep.equal(ends(10).map((end) => ({ endSeconds: end, vol: indexOf("ETH", end) / 100 })));
    const asked = servers.deribit.sent("public/get_volatility_index_data");
    expect(asked).to.have.length(3);
    expect(asked[0]?.params).to.deep.equal({
      currency: "ETH",
      start_timestamp: AFTER * 1_000,
      end_timestamp: (AFTER + 10 * HOUR) * 1_000 - 1,
      resolution: "3600",
    });
  });

  it("takes no hour from outside the bounds", async () => {
    const began = (hours: number) => (AFTER + hours * HOUR) * 1_000;
    await open(1_000, ({ method }, answer) => {
      if (method !== "public/get_volatility_index_data") return false;
      const row = (hours: number) => [began(hours), 50, 51, 49, 50];
      answer.result({ data: [row(-1), row(0), row(1), row(2)], continuation: null });
      return true;
    });
    const vols = await source.impliedVols("BTC", AFTER, AFTER + 2 * HOUR);
    expect(vols.map(({ endSeconds }) => endSeconds)).to.deep.equal(ends(2));
  });

  for (const [what, data] of [
    ["that does not begin on the hour", [[AFTER * 1_000 + 1, 50, 51, 49, 50]]],
    ["without an index", [[AFTER * 1_000, 50, 51, 49, 0]]],
    ["with too few figures", [[AFTER * 1_000, 50]]],
  ] as const)
    it(`refuses an hour ${what}`, async () => {
      await open(1_000, ({ method }, answer) => {
        if (method !== "public/get_volatility_index_data") return false;
        answer.result({ data, continuation: null });
        return true;
      });
      const error = await venueErrorOf(source.impliedVols("BTC", AFTER, AFTER + HOUR));
      expect(error.code).to.equal("malformed");
    });

  it("does not page for ever", async () => {
    await open(1_000, ({ method }, answer) => {
      if (method !== "public/get_volatility_index_data") return false;
      answer.result({ data: [], continuation: AFTER * 1_000 + 1 });
      return true;
    });
    const error = await venueErrorOf(source.impliedVols("BTC", AFTER, AFTER + HOUR));
    expect(error.message).to.include("goes on after 10 pages");
  });
});
