import { openDeribit, type DeribitSource } from "../../../../keeper/adapters/venues/deribit/deribit.ts";
import { serveDeribit, type DeribitAnswer, type DeribitServer } from "../../../support/deribit-server.ts";
import { recordingTelemetry } from "../../../support/keeper-doubles.ts";
import type { RpcRequest } from "../../../support/venue-servers.ts";
import recorded from "../../../vectors/venues/deribit.json" with { type: "json" };
import { until } from "./support.ts";

export const NOW = recorded.observedAtSeconds;
/** Far more than a loaded machine needs for an answer; only the tests of slowness wait for it. */
export const TIMEOUT_MS = 10_000;
export const SHORT_TIMEOUT_MS = 150;
export const MAX_BACKOFF_MS = 40;
export const HEARTBEAT_SECONDS = 10;
/** Longer than any test. */
export const NEVER_MS = 600_000;
const MIN_BACKOFF_MS = 10;

const RESULTS: Readonly<Record<string, unknown>> = {
  "public/get_index_price": recorded.indexPrice,
  "public/ticker": recorded.ticker,
  "public/get_book_summary_by_currency": recorded.bookSummaries,
};

/** Deals with a request in another way than the venue would, and says whether it did. */
type Instead = (request: RpcRequest, answer: DeribitAnswer) => boolean;
type SocketChanges = Partial<Parameters<typeof openDeribit>[0]>;

export const honest: Instead = () => false;

/** Deals with one method only. */
export const only =
  (method: string, deal: (answer: DeribitAnswer, request: RpcRequest) => void): Instead =>
  (request, answer) => {
    if (request.method !== method) return false;
    deal(answer, request);
    return true;
  };

/** The adapter against a server that holds it to the protocol. */
export class DeribitBench {
  /** What both think the time is, in seconds. */
  now = NOW;
  telemetry = recordingTelemetry();
  #venue: DeribitServer | null = null;
  #source: DeribitSource | null = null;

  get venue(): DeribitServer {
    if (this.#venue === null) throw new Error("no server is open");
    return this.#venue;
  }

  get source(): DeribitSource {
    if (this.#source === null) throw new Error("no client is open");
    return this.#source;
  }

  async open(instead: Instead = honest, changes: SocketChanges = {}): Promise<void> {
    this.now = NOW;
    this.telemetry = recordingTelemetry();
    await this.serve(instead);
    this.connect(this.venue.url, changes);
  }

  openWithSummaries(rows: readonly object[]): Promise<void> {
    return this.open(
      only("public/get_book_summary_by_currency", (answer) => {
        answer.result(rows);
      }),
    );
  }

  async serve(instead: Instead, port?: number): Promise<void> {
    const result = ({ method }: RpcRequest) => RESULTS[method];
    this.#venue = await serveDeribit({ result, nowSeconds: () => this.now, instead }, port);
  }

  connect(url: string, changes: SocketChanges): void {
    this.#source = openDeribit({
      url,
      requestTimeoutMs: TIMEOUT_MS,
      heartbeatSeconds: HEARTBEAT_SECONDS,
      minBackoffMs: MIN_BACKOFF_MS,
      maxBackoffMs: MAX_BACKOFF_MS,
      rateLimitedWaitMs: NEVER_MS,
      clock: { nowSeconds: () => this.now },
      telemetry: this.telemetry,
      ...changes,
    });
  }

  /** Requests of a method so far. */
  sent(method: string): readonly RpcRequest[] {
    return this.venue.sent(method);
  }

  events(): readonly string[] {
    return this.telemetry.lines.map(({ event }) => event);
  }

  /** Waits for the subscription, and until what the venue then notifies has been taken in. */
  async notified(...data: readonly (readonly [string, unknown])[]): Promise<void> {
    await until(() => this.sent("public/subscribe").length === 1);
    for (const [channel, value] of data) this.venue.notify(channel, value);
    // Messages of one connection come in order: an answer says that the notifications before it were heard.
    await this.source.latest("ETH").catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#source?.close();
    await this.#venue?.close();
    this.#source = null;
    this.#venue = null;
  }
}
