import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fastify } from "fastify";
import type { KeeperStatus } from "../../ports/keeper-status.ts";

const PAGE = readFileSync(new URL("status-page.html", import.meta.url), "utf8");
const OK = 200;
const UNAVAILABLE = 503;
const NOT_FOUND = 404;
/** A request that takes longer has lost its client or its chain. */
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_BODY_BYTES = 1_024;

/** Only the page's own style and script run, and they talk to this server alone. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src ${hashesOf("style")}`,
  `script-src ${hashesOf("script")}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export interface StatusServerParts {
  readonly host: string;
  /** Zero takes a free port. */
  readonly port: number;
  status(): Promise<KeeperStatus>;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
}

export interface StatusServer {
  /** Where it listens. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves /healthz (the process answers), /readyz (it can do its duty), /metrics, /status.json and a page for people at /. It only reads.
 * @throws Error when the port is taken
 */
export async function startStatusServer(parts: StatusServerParts): Promise<StatusServer> {
  const server = fastify({
    requestTimeout: REQUEST_TIMEOUT_MS,
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
  });
  server.addHook("onRequest", (_request, reply, next) => {
    reply.headers({ "x-content-type-options": "nosniff", "cache-control": "no-store" });
    next();
  });
  server.get("/", (_request, reply) =>
    reply
      .type("text/html; charset=utf-8")
      .header("content-security-policy", CONTENT_SECURITY_POLICY)
      .send(PAGE),
  );
  server.get("/healthz", (_request, reply) => reply.send({ status: "ok" }));
  server.get("/readyz", async (_request, reply) => {
    const { ready, checks } = await parts.status();
    return reply.code(ready ? OK : UNAVAILABLE).send({ ready, checks });
  });
  server.get("/status.json", async (_request, reply) =>
    reply.type("application/json; charset=utf-8").send(toJson(await parts.status())),
  );
  server.get("/metrics", async (_request, reply) =>
    reply.type(parts.metrics.contentType).send(await parts.metrics.text()),
  );
  server.setNotFoundHandler((_request, reply) =>
    reply.code(NOT_FOUND).send({ error: "there are /, /healthz, /readyz, /metrics and /status.json" }),
  );
  server.setErrorHandler((_error, _request, reply) =>
    // The cause stays in the log: it may name addresses of nodes.
    reply.code(UNAVAILABLE).send({ error: "the keeper cannot see its state now" }),
  );
  const url = await server.listen({ host: parts.host, port: parts.port });
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

function hashesOf(tag: "style" | "script"): string {
  const contents = [...PAGE.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, "g"))];
  return contents
    .map(([, text = ""]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`)
    .join(" ");
}
