import { z } from "zod";
import { table, time } from "../output.ts";

const TIMEOUT_MS = 5_000;
const WEI_PER_ETH = 1e18;
const SHOWN_ETH_DECIMALS = 4;
const SHOWN_ADDRESS_CHARS = 10;

const whole = z.string().regex(/^[0-9]+$/);
const stamp = z.object({ epoch: whole, round: z.int(), observedAtSeconds: z.int() });
const statusSchema = z.object({
  name: z.string(),
  version: z.string(),
  mode: z.enum(["member", "dry-run"]),
  address: z.string().nullable(),
  chainId: z.int(),
  nowSeconds: z.int(),
  report: stamp.nullable(),
  chain: z.object({ blockNumber: whole, clockAheadSeconds: z.int() }).nullable(),
  nodes: z.array(z.object({ name: z.string(), problem: z.string().nullable() })),
  heartbeatSeconds: z.number().nullable(),
  quorum: z.object({ members: z.int(), required: z.int(), reachable: z.int(), margin: z.int() }).nullable(),
  members: z.array(
    z.object({
      address: z.string(),
      isSelf: z.boolean(),
      connected: z.boolean().nullable(),
      lastReport: stamp.nullable(),
      deviationBps: z.number().nullable(),
      signedStreak: z.int(),
      missedStreak: z.int(),
      balanceWei: whole.nullable(),
    }),
  ),
  transactions: z.object({ open: z.int(), oldestAgeSeconds: z.int().nullable() }).nullable(),
  ready: z.boolean(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});

type ReadStatus = z.infer<typeof statusSchema>;

/** A keeper's answer, or why there is none. */
export interface StatusAnswer {
  readonly url: string;
  readonly status: ReadStatus | null;
  readonly problem: string | null;
}

/** Asks every keeper at once; one that does not answer keeps no other from being shown. */
export function readStatuses(urls: readonly string[]): Promise<readonly StatusAnswer[]> {
  return Promise.all(urls.map(readStatus));
}

async function readStatus(url: string): Promise<StatusAnswer> {
  try {
    const response = await fetch(new URL("status.json", url.endsWith("/") ? url : `${url}/`), {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) return { url, status: null, problem: `it answers ${response.status}: see its log` };
    const parsed = statusSchema.safeParse(await response.json());
    return parsed.success
      ? { url, status: parsed.data, problem: null }
      : { url, status: null, problem: "this is no keeper's status, or one of another version" };
  } catch (error) {
    const { message, cause } = error as Error;
    const reason = cause instanceof Error && cause.message !== "" ? cause.message : message;
    return { url, status: null, problem: `no answer: ${reason}` };
  }
}

/** A table of the keepers, each as it sees itself: the chain's newest report, the newest it signed; and what keeps those that are not ready. */
export function statusLines(answers: readonly StatusAnswer[]): readonly string[] {
  const rows = answers.map(({ url, status }) => (status === null ? [url, "?"] : rowOf(status)));
  const problems = answers.flatMap(({ url, status, problem }) =>
    status === null
      ? [`${url} gives no status: ${problem ?? ""}`]
      : status.checks
          .filter(({ ok }) => !ok)
          .map(({ name, detail }) => `${status.name} is not ready: ${name}: ${detail}`),
  );
  const header = [
    "keeper",
    "ready",
    "chain's report",
    "age",
    "last signed",
    "age",
    "from median",
    "signed",
    "missed",
    "gas balance",
    "quorum margin",
    "peers",
  ];
  return [...table(header, rows), ...problems];
}

function rowOf({ name, address, ready, report, nowSeconds, quorum, members }: ReadStatus): readonly string[] {
  const self = members.find(({ isSelf }) => isSelf);
  const bps = self?.deviationBps ?? null;
  const wei = self?.balanceWei ?? null;
  return [
    address === null ? name : `${name} ${address.slice(0, SHOWN_ADDRESS_CHARS)}`,
    ready ? "yes" : "NO",
    ...stampCells(report, nowSeconds),
    ...stampCells(self?.lastReport ?? null, nowSeconds),
    bps === null ? "-" : `${bps.toFixed(2)} bps`,
    self === undefined ? "-" : self.signedStreak.toString(),
    self === undefined ? "-" : self.missedStreak.toString(),
    wei === null ? "-" : `${(Number(wei) / WEI_PER_ETH).toFixed(SHOWN_ETH_DECIMALS)} ETH`,
    quorum === null ? "-" : quorum.margin.toString(),
    quorum === null ? "-" : `${quorum.reachable}/${quorum.members}`,
  ];
}

function stampCells(report: ReadStatus["report"], nowSeconds: number): readonly [string, string] {
  return report === null
    ? ["none", "-"]
    : [
        `${report.epoch}/${report.round} ${time(report.observedAtSeconds)}`,
        `${nowSeconds - report.observedAtSeconds} s`,
      ];
}
