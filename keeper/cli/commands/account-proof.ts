import { keccak256 } from "ethers";
import { z } from "zod";
import { createAccountRiskChain } from "../../adapters/ethers/account-risk-chain.ts";
import { systemTimer } from "../../adapters/system/timer.ts";
import { accountRiskLeaf } from "../../core/report/account-risk.ts";
import { NO_ACCOUNT_ROOT } from "../../core/report/account-root.ts";
import { nameOfRound } from "../../core/protocol/round-id.ts";
import type { ProvenAccountRisk } from "../../ports/account-risk.ts";
import { asHex, type Hex } from "../../ports/hex.ts";
import { proveAccount } from "../../services/account-risk.ts";
import { readAccountRiskTable } from "../../services/account-risk-table.ts";
import type { CommandContext } from "../context.ts";
import { CommandError } from "../failure.ts";
import { usd } from "../output.ts";

/** Blocks in which the reports before the last one are looked for. */
const BLOCKS_BACK = 1_000;
/** Reports before the last one whose table its root may be of: keepers name an older one while the next is being made. */
const CANDIDATES = 3;
const TIMEOUT_MS = 10_000;
const TRY_AGAIN = "a new report may have come meanwhile: try again";

const keccak = (data: Hex): Hex => asHex(keccak256(data));
const hash = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform(asHex);
const whole = z
  .string()
  .regex(/^-?[0-9]+$/)
  .transform(BigInt);
/** What a keeper serves under /account-risk/ACCOUNT. */
const answerSchema = z.object({
  row: z.object({
    epoch: whole,
    round: z.int(),
    account: whole,
    equityE6: whole,
    initialE6: whole,
    maintenanceE6: whole,
  }),
  proof: z.array(hash),
});

/**
 * Shows a row of the table under the root of the last report, once the chain itself believes its proof.
 * @param keeperUrl who is asked; null makes the table from the chain
 * @throws CommandError `no-account-root`, `no-proof` or `proof-refused`
 */
export async function proveAccountRisk(
  { output, session }: CommandContext,
  account: bigint,
  keeperUrl: string | null,
): Promise<void> {
  const { accountRisk, oracle } = session.contracts;
  const accountRoot = asHex(await oracle.accountRoot());
  if (accountRoot === NO_ACCOUNT_ROOT)
    throw new CommandError(
      "no-account-root",
      "the chain's last report publishes no account-risk table",
      "wait for the next report: ballast oracle status",
    );
  const { row, leaf, proof } =
    keeperUrl === null
      ? await fromChain(session, account, accountRoot)
      : await fromKeeper(keeperUrl, account, accountRoot);
  const isBelieved = await session.read("verifying the proof", () =>
    accountRisk.verifyAccountRisk(row, [...proof]),
  );
  if (!isBelieved)
    throw new CommandError("proof-refused", "the chain does not believe this row and its proof", TRY_AGAIN);
  const verifier = await accountRisk.getAddress();
  output.result({ accountRoot, row, leaf, proof, verifier }, () => [
    `Account ${account.toString()} at the prices of report ${nameOfRound(row)}, right after the chain accepted it:`,
    `equity ${usd(row.equityE6)} USD, initial ${usd(row.initialE6)}, maintenance ${usd(row.maintenanceE6)}`,
    `leaf   ${leaf}`,
    ...proof.map((sibling, index) => `${index === 0 ? "proof " : "      "} ${sibling}`),
    `root   ${accountRoot}`,
    `The chain believes it: verifyAccountRisk(row, proof) of ${verifier} is true.`,
  ]);
}

/** Asks a keeper, and believes of its answer only what hangs together. */
async function fromKeeper(url: string, account: bigint, accountRoot: Hex): Promise<ProvenAccountRisk> {
  const noProof = (reason: string, cause?: unknown) =>
    new CommandError("no-proof", `${url} gives no proof: ${reason}`, "ask another keeper, or none", {
      cause,
    });
  const path = `account-risk/${account.toString()}`;
  const response = await fetch(new URL(path, url.endsWith("/") ? url : `${url}/`), {
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw noProof("no answer", error);
  });
  const body: unknown = await response.json().catch(() => null);
  const said = z.object({ error: z.string() }).safeParse(body);
  if (said.success) throw noProof(said.data.error);
  const answer = answerSchema.safeParse(body);
  if (!answer.success || answer.data.row.account !== account)
    throw noProof("this is no row of that account, or one of another version");
  const { row, proof } = answer.data;
  return { kind: "proven", accountRoot, row, leaf: accountRiskLeaf(row, keccak), proof };
}

/** Makes the tables of the reports before the last one until one has its root. */
async function fromChain(
  { contracts, deployment, provider }: CommandContext["session"],
  account: bigint,
  accountRoot: Hex,
): Promise<ProvenAccountRisk> {
  const chain = createAccountRiskChain(deployment.addresses, provider);
  const newest = await provider.getBlockNumber();
  const accepted = await contracts.oracle.queryFilter(
    contracts.oracle.filters.ReportAccepted(),
    Math.max(0, newest - BLOCKS_BACK),
    newest,
  );
  const parts = { chain, timer: systemTimer, keccak256: keccak };
  const problems: string[] = [];
  for (const { args } of accepted.toReversed().slice(1, CANDIDATES + 1)) {
    const report = { epoch: args.epoch, round: Number(args.round) };
    const table = await readAccountRiskTable(parts, report, new AbortController().signal).catch(
      (error: unknown) => {
        problems.push(String(error));
        return null;
      },
    );
    if (table?.tree?.root !== accountRoot) continue;
    const answer = proveAccount(table, account, keccak);
    if (answer.kind === "proven") return answer;
    throw new CommandError(
      "no-proof",
      `the table has no row of account ${account.toString()}, which is younger`,
      "wait for the next report: ballast oracle status",
    );
  }
  throw new CommandError(
    "no-proof",
    [`no table of the last reports has the root ${accountRoot}`, ...problems].join("; "),
    `${TRY_AGAIN}, or ask a keeper, which has the table: --keeper URL`,
  );
}
