import { Client, DatabaseError } from "pg";

export type Row = Readonly<Record<string, unknown>>;
export type Query = (text: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** One connection to a server. */
export interface Session {
  readonly query: Query;
  end(): Promise<void>;
}

/** Opens a session. @param broken is told when it ends without being asked to */
export type Connect = (broken: (error: Error) => void) => Promise<Session>;

/** A session that holds the store's lock, and the next one after it broke. */
export interface LockedSession {
  /** Runs a statement in the session that holds the lock, never in another. Rejects while the lock cannot be had. */
  readonly query: Query;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** The server gives a statement up before this side stops waiting for it. */
const STATEMENT_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 12_000;
const KEEP_ALIVE_MS = 5_000;
/** Name of the advisory lock among those of its database: "Ball". */
const LOCK_NAME = 0x42_61_6c_6c;

/**
 * Runs every statement in one session that holds an advisory lock, which the server drops when the session ends in whatever way. When it
 * breaks, the next statement opens another session and takes the lock again before anything else: a process that lost its lock to another one
 * writes nothing any more.
 * @param taken runs first in each session that has the lock
 * @param inUse makes the error for a lock that another process has; may ask the session who that is
 */
export function holdLock(
  connect: Connect,
  taken: (query: Query) => Promise<void>,
  inUse: (query: Query) => Promise<Error>,
  failed: (error: Error) => void,
): LockedSession {
  let current: Promise<Session> | null = null;
  const forget = (session: Promise<Session>) => {
    if (current === session) current = null;
  };
  const open = (): Promise<Session> => {
    const opening: Promise<Session> = takeLock(
      (broken) => connect(broken),
      (error) => {
        forget(opening);
        failed(error);
      },
      taken,
      inUse,
    );
    opening.catch(() => {
      forget(opening);
    });
    return opening;
  };
  return {
    query: async (text, values = []) => {
      const opening = (current ??= open());
      const session = await opening;
      try {
        return await session.query(text, values);
      } catch (error) {
        // An answer that did not come may still be on its way: nothing more is said in that session.
        if (!(error instanceof DatabaseError)) {
          forget(opening);
          await session.end().catch(() => undefined);
        }
        throw error;
      }
    },
    close: async () => {
      const session = await current?.catch(() => null);
      current = null;
      await session?.end();
    },
  };
}

async function takeLock(
  connect: Connect,
  broken: (error: Error) => void,
  taken: (query: Query) => Promise<void>,
  inUse: (query: Query) => Promise<Error>,
): Promise<Session> {
  const session = await connect(broken);
  try {
    const [row] = await session.query("SELECT pg_try_advisory_lock($1) AS held", [LOCK_NAME]);
    if (row?.["held"] !== true) throw await inUse(session.query);
    await taken(session.query);
    return session;
  } catch (error) {
    await session.end().catch(() => undefined);
    throw error;
  }
}

/** Sessions of a server. Its address must be the server's own: a pooler that shares sessions would share the lock. */
export function connectTo(url: string): Connect {
  return async (broken) => {
    const client = new Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      // Commits wait for the disk even where the server's default is not to.
      options: "-c synchronous_commit=on",
    });
    client.on("error", broken);
    await client.connect();
    return {
      query: async (text, values = []) => (await client.query<Row>(text, [...values])).rows,
      end: () => client.end(),
    };
  };
}
