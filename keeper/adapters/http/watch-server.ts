import { fastify } from "fastify";

const OK = 200;
const UNAVAILABLE = 503;
const NOT_FOUND = 404;
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_BODY_BYTES = 1_024;
const JSON_TYPE = "application/json; charset=utf-8";

export interface WatchServerParts {
  readonly host: string;
  /** Zero takes a free port. */
  readonly port: number;
  /** What is known now; `problem` says why the watchtower cannot do its duty. */
  status(): { readonly problem: string | null };
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
}

export interface WatchServer {
  /** Where it listens. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves a watchtower's /healthz (the process answers), /readyz (it can do its duty), /status.json and /metrics. It only shows what is known.
 * @throws Error when the port is taken
 */
export async function startWatchServer(parts: WatchServerParts): Promise<WatchServer> {
  const { host, port, metrics } = parts;
  const server = fastify({
    requestTimeout: REQUEST_TIMEOUT_MS,
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
  });
  server.addHook("onRequest", (_request, reply, next) => {
    reply.headers({ "x-content-type-options": "nosniff", "cache-control": "no-store" });
    next();
  });
  server.get("/healthz", (_request, reply) => reply.send({ status: "ok" }));
  server.get("/readyz", (_request, reply) => {
    const { problem } = parts.status();
    return reply.code(problem === null ? OK : UNAVAILABLE).send({ ready: problem === null, problem });
  });
  server.get("/status.json", (_request, reply) => reply.type(JSON_TYPE).send(toJson(parts.status())));
  server.get("/metrics", async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  );
  server.setNotFoundHandler((_request, reply) =>
    reply.code(NOT_FOUND).send({ error: "there are /healthz, /readyz, /metrics and /status.json" }),
  );
  const url = await server.listen({ host, port });
  return {
    url,
    close: async () => {
      await server.close();
    },
  };
}

/** JSON in which big integers are decimal text. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) =>
    typeof entry === "bigint" ? entry.toString() : entry,
  );
}
