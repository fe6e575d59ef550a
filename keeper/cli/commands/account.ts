import type { Command } from "commander";
import { unpackPosition } from "../../core/report/instrument-id.ts";
import { examples, withSession, type CommandContext } from "../context.ts";
import { CommandError } from "../failure.ts";
import { instrumentName } from "../instrument-name.ts";
import { fromE8, health, table, usd } from "../output.ts";
import { accountId } from "../parse.ts";
import { proveAccountRisk } from "./account-proof.ts";

/** Accounts read in one call. */
const PAGE = 32n;

export function addAccountCommands(program: Command): void {
  const account = program
    .command("account")
    .description(
      "show, open and list accounts; an account is cross-margined inside and isolated from others",
    );
  account
    .command("show")
    .description("owner, cash, positions with their marks, collateral and health of an account")
    .argument("<account>", "the account's number", accountId)
    .addHelpText("after", examples("account show 3", "account show 3 --json"))
    .action((id: bigint, _options: unknown, command: Command) =>
      withSession(command, (context) => show(context, id)),
    );
  account
    .command("open")
    .description("open an account; its number rises from 1")
    .option("--owner <address>", "who owns it (default: the key that opens it)")
    .addHelpText("after", examples("account open --dev-account 0"))
    .action(({ owner }: { owner?: string }, command: Command) =>
      withSession(command, (context) => open(context, owner)),
    );
  account
    .command("list")
    .description("every account with equity, margin and health, the weakest first")
    .addHelpText("after", examples("account list", "account list --json | jq '.accounts[0]'"))
    .action((_options: unknown, command: Command) => withSession(command, list));
  account
    .command("proof")
    .description(
      "an account's row in the keepers' account-risk table, with the proof that AccountRiskVerifier believes",
    )
    .argument("<account>", "the account's number", accountId)
    .option("--keeper <url>", "ask this keeper (default: make the table from the chain)")
    .addHelpText(
      "after",
      examples("account proof 3", "account proof 3 --keeper http://10.0.0.1:9464 --json | jq '.proof'"),
    )
    .action((id: bigint, { keeper }: { keeper?: string }, command: Command) =>
      withSession(command, async (context) => {
        await requireAccount(context.session, id);
        await proveAccountRisk(context, id, keeper ?? null);
      }),
    );
}

async function show({ output, session }: CommandContext, id: bigint): Promise<void> {
  const { lens, marginEngine, vault } = session.contracts;
  await requireAccount(session, id);
  const [[view], assets] = await Promise.all([
    session.read(`reading account ${id.toString()}`, () => lens.accounts([id])),
    vault.assets(),
  ]);
  if (view === undefined) throw new CommandError("no-account", "the lens returned no account", "try again");
  const positions = await Promise.all(
    view.book.positions.map(async (word) => {
      const { instrumentId, sizeE8 } = unpackPosition(word);
      const markE8 = await marginEngine.markE8(instrumentId);
      return { instrument: instrumentName(instrumentId, session.deployment.markets), sizeE8, markE8 };
    }),
  );
  const balances = await Promise.all(
    assets.map(async ({ token, decimals, haircutBps }) => ({
      token,
      decimals: Number(decimals),
      haircutBps: Number(haircutBps),
      units: await vault.balanceOf(id, token),
    })),
  );
  const { equityE6, initialE6, maintenanceE6 } = view.breakdown.margin;
  const value = {
    account: id,
    owner: view.owner,
    reduceOnly: view.reduceOnly,
    cashE6: view.book.cashE6,
    equityE6,
    initialE6,
    maintenanceE6,
    healthBps: view.healthBps,
    positions,
    collateral: balances.filter(({ units }) => units > 0n),
  };
  output.result(value, () => [
    `Account ${id.toString()}, owned by ${view.owner}${view.reduceOnly ? ", called: it may only reduce" : ""}`,
    `cash ${usd(value.cashE6)} USD, equity ${usd(equityE6)}, initial ${usd(initialE6)}, maintenance ${usd(maintenanceE6)}, health ${health(view.healthBps)}`,
    "",
    ...(positions.length === 0
      ? ["no positions"]
      : table(
          ["instrument", "size", "mark USD", "value USD"],
          positions.map(({ instrument, sizeE8, markE8 }) => [
            instrument,
            fromE8(sizeE8),
            fromE8(markE8),
            usd((sizeE8 * markE8) / UNIT_E10),
          ]),
        )),
    ...value.collateral.map(
      ({ token, units, decimals }) => `collateral ${token}: ${units.toString()} units of 1e-${decimals}`,
    ),
  ]);
}

/** size * 1e8 times price * 1e8 over this is USD * 1e6. */
const UNIT_E10 = 10n ** 10n;

/** @throws CommandError `no-account` naming the accounts there are */
export async function requireAccount({ contracts }: CommandContext["session"], id: bigint): Promise<void> {
  const count = await contracts.clearingHouse.accountCount();
  if (id <= count) return;
  throw new CommandError(
    "no-account",
    `there is no account ${id.toString()}`,
    count === 0n
      ? "open one: ballast account open"
      : `accounts run from 1 to ${count.toString()}: ballast account list`,
  );
}

async function open({ output, session }: CommandContext, owner: string | undefined): Promise<void> {
  const signer = await session.signer();
  const { clearingHouse } = await session.signed();
  const ownerAddress = owner ?? (await signer.getAddress());
  const expected = await session.read("opening an account", () =>
    clearingHouse.openAccount.staticCall(ownerAddress),
  );
  const { hash, gasUsed } = await session.transact("opening an account", () =>
    clearingHouse.openAccount(ownerAddress),
  );
  const account = await openedAccount(session, hash, expected);
  output.result({ account, owner: ownerAddress, hash, gasUsed }, () => [
    `Opened account ${account.toString()} for ${ownerAddress}.`,
    `Next: ballast deposit ${account.toString()} AMOUNT`,
  ]);
}

/** The number that the chain gave, from the transaction's own event; another opening may have come first. */
async function openedAccount(
  { contracts, provider }: CommandContext["session"],
  hash: string,
  expected: bigint,
): Promise<bigint> {
  const receipt = await provider.getTransactionReceipt(hash);
  for (const log of receipt?.logs ?? []) {
    const event = contracts.clearingHouse.interface.parseLog(log);
    if (event?.name === "AccountOpened") return BigInt(String(event.args["account"]));
  }
  return expected;
}

async function list({ output, session }: CommandContext): Promise<void> {
  const { clearingHouse, lens } = session.contracts;
  const count = await clearingHouse.accountCount();
  const accounts: AccountLine[] = [];
  for (let first = 1n; first <= count; first += PAGE) {
    const page = await session.read("reading accounts", () => lens.health(first, PAGE));
    for (const { account, margin, healthBps, reduceOnly } of page) {
      const { equityE6, initialE6, maintenanceE6 } = margin;
      accounts.push({ account, equityE6, initialE6, maintenanceE6, healthBps, reduceOnly });
    }
  }
  accounts.sort((a, b) => (a.healthBps < b.healthBps ? -1 : a.healthBps > b.healthBps ? 1 : 0));
  output.result({ accounts }, () =>
    accounts.length === 0
      ? ["There are no accounts yet. Open one: ballast account open"]
      : table(
          ["account", "equity USD", "initial", "maintenance", "health", ""],
          accounts.map((line) => [
            line.account.toString(),
            usd(line.equityE6),
            usd(line.initialE6),
            usd(line.maintenanceE6),
            health(line.healthBps),
            line.reduceOnly ? "called" : "",
          ]),
        ),
  );
}

interface AccountLine {
  readonly account: bigint;
  readonly equityE6: bigint;
  readonly initialE6: bigint;
  readonly maintenanceE6: bigint;
  readonly healthBps: bigint;
  readonly reduceOnly: boolean;
}
