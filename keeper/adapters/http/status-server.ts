import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fastify } from "fastify";
import { z } from "zod";
import type { RoundId } from "../../core/protocol/round-id.ts";
import type { AccountRiskAnswer } from "../../ports/account-risk.ts";
import type { KeeperStatus } from "../../ports/keeper-status.ts";
import type { Equivocation } from "../../ports/prosecutor.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { writeEquivocations } from "../equivocation-text.ts";
import { redactText } from "../telemetry/redact.ts";

const PAGE = readFileSync(new URL("status-page.html", import.meta.url), "utf8");
const JSON_TYPE = "application/json; charset=utf-8";
const OK = 200;
const UNAVAILABLE = 503;
const BAD_REQUEST = 400;
const NOT_FOUND = 404;
const FAILED = 500;
/** A request that takes longer has lost its client or its chain. */
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_BODY_BYTES = 1_024;
/** A round in the path of a request. */
const roundAsked = z.object({
  configDigest: z.string(),
  epoch: z
    .string()
    .regex(/^[0-9]{1,20}$/)
    .transform(BigInt),
  round: z
    .string()
    .regex(/^[0-9]{1,10}$/)
    .transform(Number),
});

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
  status(): KeeperStatus;
  /** Proofs that are not on the chain yet. */
  evidence(): readonly Equivocation[];
  /** The observations behind a report that this keeper signed; null when it keeps none. */
  observations(configDigest: string, round: RoundId): Uint8Array | null;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  /** Of the account of that number; null when this keeper makes no tables. */
  readonly accountRisk: ((account: bigint) => AccountRiskAnswer) | null;
  readonly telemetry: Telemetry;
}

export interface StatusServer {
  /** Where it listens. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves /healthz (the process answers), /readyz (it can do its duty), /metrics, /status.json, /evidence.json, /account-risk/ACCOUNT,
 * /observations/DIGEST/EPOCH/ROUND and a page for people at /. It only shows what is known already.
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
  server.get("/readyz", (_request, reply) => {
    const { ready, checks } = parts.status();
    return reply
      .code(ready ? OK : UNAVAILABLE)
      .type(JSON_TYPE)
      .send(toJson({ ready, checks }));
  });
  server.get("/status.json", (_request, reply) => reply.type(JSON_TYPE).send(toJson(parts.status())));
  server.get("/observations/:configDigest/:epoch/:round", (request, reply) => {
    const asked = roundAsked.safeParse(request.params).data;
    const found = asked === undefined ? null : parts.observations(asked.configDigest, asked);
    return found === null
      ? reply.code(NOT_FOUND).send({ error: "this keeper keeps no observations of such a round" })
      : reply.type(JSON_TYPE).send(Buffer.from(found));
  });
  // Proofs are whole hashes and signatures, which the chain shows all the same.
  server.get("/evidence.json", (_request, reply) =>
    reply.type(JSON_TYPE).send(writeEquivocations(parts.evidence())),
  );
  server.get("/metrics", async (_request, reply) =>
    reply.type(parts.metrics.contentType).send(await parts.metrics.text()),
  );
  server.get<{ Params: { account: string } }>("/account-risk/:account", (request, reply) => {
    const { code, body } = riskOf(parts.accountRisk, request.params.account);
    return reply.code(code).type(JSON_TYPE).send(toJson(body));
  });
  server.setNotFoundHandler((_request, reply) =>
    reply.code(NOT_FOUND).send({
      error:
        "there are /, /healthz, /readyz, /metrics, /status.json, /evidence.json, /account-risk/ACCOUNT and /observations/DIGEST/EPOCH/ROUND",
    }),
  );
  server.setErrorHandler((error, _request, reply) => {
    parts.telemetry.error("status-not-shown", { reason: String(error) });
    // The cause is a defect of this program and no business of whoever asks.
    return reply.code(FAILED).send({ error: "the keeper cannot show its state: see its log" });
  });
  const url = await server.listen({ host: parts.host, port: parts.port });
  return {
    url,
    close: async () => {
      await server.close();
    },
  };
}

/** An account's number as text; longer ones are no uint256. */
const ACCOUNT = /^[1-9][0-9]{0,76}$/;

/** A row with its proof, or why there is none. */
function riskOf(
  accountRisk: StatusServerParts["accountRisk"],
  text: string,
): { readonly code: number; readonly body: unknown } {
  if (!ACCOUNT.test(text))
    return { code: BAD_REQUEST, body: { error: "name an account by its number, from 1" } };
  const answer = accountRisk?.(BigInt(text)) ?? null;
  const missing = (error: string) => ({ code: NOT_FOUND, body: { error } });
  switch (answer?.kind) {
    case "proven": {
      const { accountRoot, row, leaf, proof } = answer;
      return { code: OK, body: { accountRoot, row, leaf, proof } };
    }
    case "no-root":
      return missing("the chain's last report publishes no account-risk table: wait for the next one");
    case "unknown-root":
      return missing(
        `this keeper did not make the table under ${answer.accountRoot}, the root of the chain's last report: ask another one`,
      );
    case "no-account":
      return missing(`the table ends with account ${answer.accounts}`);
    case undefined:
      return missing("a dry run makes no account-risk tables: ask a keeper that takes part");
  }
}

/** JSON in which big integers are decimal text, and URLs are cut to scheme and host: the rest may hold a key. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) => {
    if (typeof entry === "bigint") return entry.toString();
    return typeof entry === "string" ? redactText(entry) : entry;
  });
}

function hashesOf(tag: "style" | "script"): string {
  const contents = [...PAGE.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, "g"))];
  return contents
    .map(([, text = ""]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`)
    .join(" ");
}
