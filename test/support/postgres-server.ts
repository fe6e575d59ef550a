// A Postgres in this process behind a real local socket.
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";

const HOST = "127.0.0.1";
const CONNECTIONS = 4;

interface Running {
  readonly db: PGlite;
  readonly server: PGLiteSocketServer;
  readonly url: string;
}

/** Starts with the first database asked for. */
export function postgresServer() {
  let running: Running | null = null;
  const start = async (): Promise<Running> => {
    const db = await PGlite.create();
    const server = new PGLiteSocketServer({ db, host: HOST, port: 0, maxConnections: CONNECTIONS });
    await server.start();
    return { db, server, url: `postgres://postgres@${server.getServerConn()}/postgres` };
  };
  return {
    /** URL of a database without tables; what the one before held is gone. */
    emptyDatabase: async (): Promise<string> => {
      running ??= await start();
      await running.db.exec("DROP SCHEMA public CASCADE; CREATE SCHEMA public;");
      return running.url;
    },
    stop: async (): Promise<void> => {
      await running?.server.stop();
      await running?.db.close();
    },
  };
}
