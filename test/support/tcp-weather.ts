// The weather between processes: a TCP proxy for each directed pair of them. It delays, narrows, stalls and cuts; it never drops or changes bytes of a connection
// that lives, since that would only break its encryption. What is lost is lost with its connection.
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** What becomes of the bytes from one process to another. */
export interface LinkWeather {
  readonly delayMs: number;
  /** Null: as fast as they come. */
  readonly bytesPerSecond: number | null;
  /** Bytes wait until this ends. */
  readonly isStalled: boolean;
  /** Connections between the two end, and none begins. */
  readonly isCut: boolean;
}

export const CALM_LINK: LinkWeather = { delayMs: 0, bytesPerSecond: null, isStalled: false, isCut: false };

export interface TcpWeather {
  /** Where one process finds each of the others: its own door, by the port on which the other listens. */
  doorsOf(from: number): ReadonlyMap<number, number>;
  /** Changes the weather from one to another; the other way it stays. */
  set(from: number, to: number, weather: LinkWeather): void;
  /** Ends the connections of a pair now, with what is under way in them; new ones may begin. */
  drop(a: number, b: number): void;
  /** Connections ended by `drop` and by cuts. */
  readonly dropped: number;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
const MILLISECONDS = 1_000;
/** How often a stalled direction looks whether it may go on. */
const STALL_POLL_MS = 50;
/** What waits in the proxy; beyond it the sender feels the pressure. */
const MAX_WAITING_BYTES = 1_048_576;

/** @param ports on which the processes listen, by their number */
export async function startTcpWeather(ports: readonly number[]): Promise<TcpWeather> {
  const links = new Map<string, LinkWeather>();
  const open = new Map<Socket, { readonly pair: string; readonly other: Socket }>();
  const servers: Server[] = [];
  const doors = ports.map(() => new Map<number, number>());
  const state = { dropped: 0 };
  const weatherOf = (from: number, to: number): LinkWeather => links.get(`${from}>${to}`) ?? CALM_LINK;
  const isCut = (a: number, b: number): boolean => weatherOf(a, b).isCut || weatherOf(b, a).isCut;

  const accept = (from: number, to: number) => (dialler: Socket) => {
    if (isCut(from, to)) {
      dialler.destroy();
      return;
    }
    const target = connect({ host: HOST, port: ports[to] ?? 0 });
    const pair = pairOf(from, to);
    open.set(dialler, { pair, other: target });
    for (const [socket, other] of [
      [dialler, target],
      [target, dialler],
    ] as const) {
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      socket.once("close", () => {
        open.delete(dialler);
        other.destroy();
      });
    }
    carry(dialler, target, () => weatherOf(from, to));
    carry(target, dialler, () => weatherOf(to, from));
  };
  const drop = (pair: string): void => {
    for (const [socket, entry] of open)
      if (entry.pair === pair) {
        state.dropped++;
        socket.destroy();
        entry.other.destroy();
      }
  };
  for (const from of ports.keys())
    for (const [to, port] of ports.entries()) {
      if (from === to) continue;
      const server = createServer(accept(from, to));
      server.listen(0, HOST);
      await once(server, "listening");
      servers.push(server);
      doors[from]?.set(port, portOf(server));
    }
  return {
    doorsOf: (from) => doors[from] ?? new Map(),
    set: (from, to, weather) => {
      links.set(`${from}>${to}`, weather);
      if (weather.isCut) drop(pairOf(from, to));
    },
    drop: (a, b) => {
      drop(pairOf(a, b));
    },
    get dropped() {
      return state.dropped;
    },
    close: async () => {
      for (const [socket, { other }] of open) {
        socket.destroy();
        other.destroy();
      }
      await Promise.all(
        servers.map(async (server) => {
          server.close();
          await once(server, "close");
        }),
      );
    },
  };
}

const pairOf = (a: number, b: number): string => (a < b ? `${a}-${b}` : `${b}-${a}`);

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the system named no port");
  return address.port;
}

/** Carries what one socket says to the other in its order, as late and as slowly as the weather has it. */
function carry(from: Socket, to: Socket, weather: () => LinkWeather): void {
  let waiting = 0;
  let freeAtMs = 0;
  let before: Promise<void> = Promise.resolve();
  from.on("data", (chunk: Buffer) => {
    waiting += chunk.length;
    if (waiting > MAX_WAITING_BYTES) from.pause();
    const { delayMs, bytesPerSecond } = weather();
    const now = performance.now();
    const sendingMs = bytesPerSecond === null ? 0 : (chunk.length / bytesPerSecond) * MILLISECONDS;
    freeAtMs = Math.max(freeAtMs, now + delayMs) + sendingMs;
    const dueMs = freeAtMs;
    before = before.then(async () => {
      await pause(dueMs - performance.now());
      while (weather().isStalled && !to.destroyed) await pause(STALL_POLL_MS);
      if (!to.destroyed) to.write(chunk);
      waiting -= chunk.length;
      if (waiting <= MAX_WAITING_BYTES) from.resume();
    });
  });
  from.once("end", () => {
    before = before.then(() => {
      to.end();
    });
  });
}

function pause(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}
