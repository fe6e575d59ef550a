import { VenueError } from "../../../ports/market-source.ts";
import type { Telemetry } from "../../../ports/telemetry.ts";

export interface RpcAnswer {
  readonly result: unknown;
  readonly sentAtSeconds: number;
}

interface Entry {
  readonly text: string;
  readonly resolve: (answer: RpcAnswer) => void;
  readonly reject: (error: VenueError) => void;
  readonly timer: NodeJS.Timeout;
  sent: boolean;
}

/** Requests that wait for an answer, by id. */
export interface Outstanding {
  /** A new request, ended by its answer, by `breakOff` or by the timeout. */
  add(method: string, params: Readonly<Record<string, unknown>>): Promise<RpcAnswer>;
  resolve(id: number, answer: RpcAnswer): void;
  reject(id: number, error: VenueError): void;
  /** Hands over what was not sent yet. */
  sendWaiting(send: (text: string) => void): void;
  /** Rejects what was sent, or everything. */
  breakOff(which: "sent" | "all"): void;
}

export function createOutstanding(venue: string, timeoutMs: number, telemetry: Telemetry): Outstanding {
  const entries = new Map<number, Entry>();
  let lastId = 0;
  const take = (id: number): Entry | null => {
    const entry = entries.get(id);
    if (entry === undefined) {
      telemetry.warn("venue-unknown-id", { venue, id });
      return null;
    }
    clearTimeout(entry.timer);
    entries.delete(id);
    return entry;
  };
  return {
    add: (method, params) => {
      lastId += 1;
      const id = lastId;
      const { promise, resolve, reject } = Promise.withResolvers<RpcAnswer>();
      const timer = setTimeout(() => {
        reject(new VenueError(take(id)?.sent === true ? "timeout" : "disconnected", venue, method));
      }, timeoutMs);
      const text = JSON.stringify({ jsonrpc: "2.0", id, method, params });
      entries.set(id, { text, resolve, reject, timer, sent: false });
      return promise;
    },
    resolve: (id, answer) => take(id)?.resolve(answer),
    reject: (id, error) => take(id)?.reject(error),
    sendWaiting: (send) => {
      for (const entry of entries.values()) {
        if (entry.sent) continue;
        send(entry.text);
        entry.sent = true;
      }
    },
    breakOff: (which) => {
      for (const [id, { sent }] of entries)
        if (sent || which === "all")
          take(id)?.reject(new VenueError("disconnected", venue, "the connection broke"));
    },
  };
}
