import { type ProtocolParameters, SPOT_SLACK_SECONDS } from "../../core/protocol/parameters.ts";
import type { RiskReport } from "../../core/report/typed-data.ts";
import { unpackMarketWord } from "../../core/report/words.ts";
import type { GuardingFeed } from "../../ports/oracle-chain.ts";
import { SigningRefused } from "./parts.ts";

const BPS = 10_000n;

/**
 * What the oracle asks of every spot that a feed guards: within the band of the feed's last answer, which is not older than its heartbeat. Bounds
 * are rounded into the band, as the contract rounds them. A feed that does not answer refuses too: the oracle would take no report, and
 * what is signed unseen may be proven wrong later.
 * @throws SigningRefused naming market, spot and bounds, or what is wrong with the feed
 */
export function requireWithinFeeds(
  { markets, observedAt }: Pick<RiskReport, "markets" | "observedAt">,
  feeds: readonly GuardingFeed[],
): void {
  const spotsE8 = new Map(
    markets.map(unpackMarketWord).map(({ market, spotE8 }) => [Number(market), spotE8]),
  );
  for (const { market, bandBps, heartbeatSeconds, reading } of feeds) {
    const spotE8 = spotsE8.get(market);
    if (spotE8 === undefined) continue;
    const name = `market ${market.toString()}`;
    if (reading.kind === "failed")
      throw new SigningRefused(`${name}: its price feed cannot be read, ${reading.reason}`);
    const age = observedAt - reading.updatedAtSeconds;
    if (age > heartbeatSeconds)
      throw new SigningRefused(
        `${name}: its price feed is ${age.toString()} s old, at most ${heartbeatSeconds.toString()} s`,
      );
    const minE8 = (reading.priceE8 * (BPS - bandBps) + BPS - 1n) / BPS;
    const maxE8 = (reading.priceE8 * (BPS + bandBps)) / BPS;
    if (spotE8 < minE8 || spotE8 > maxE8)
      throw new SigningRefused(
        `${name}: spot ${spotE8.toString()} is outside ${minE8.toString()} to ${maxE8.toString()}, the band of its price feed`,
      );
  }
}

/**
 * A feed read long before or after the observation is not what a proof of a wrong spot looks at: what it answers by then excuses nobody.
 * @param readAtSeconds when the feeds had answered, by this keeper's clock
 * @throws SigningRefused when that is too far from the observation
 */
export function requireReadInTime(
  observedAt: number,
  readAtSeconds: number,
  { maxClockOffsetSeconds }: Pick<ProtocolParameters, "maxClockOffsetSeconds">,
): void {
  const distance = Math.abs(readAtSeconds - observedAt);
  const max = SPOT_SLACK_SECONDS - maxClockOffsetSeconds;
  if (distance > max)
    throw new SigningRefused(
      `the price feeds were read ${distance.toString()} s from the observation, at most ${max.toString()} s; look at how fast the nodes answer`,
    );
}
