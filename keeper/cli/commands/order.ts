import type { Command } from "commander";
import type { TypedDataDomain } from "ethers";
import { ORDER_TYPES } from "../../core/report/typed-data.ts";
import { asHex } from "../../ports/hex.ts";
import { examples, withSession, type CommandContext } from "../context.ts";
import { CommandError } from "../failure.ts";
import { instrumentName, parseInstrument } from "../instrument-name.ts";
import { readSignedOrder, writeSignedOrder, type Order, type SignedOrder } from "../order-file.ts";
import { fromE8, time } from "../output.ts";
import { accountId, positiveNumber, unitsE8, wholeNumber } from "../parse.ts";

const SECONDS_PER_MINUTE = 60;
const DEFAULT_LIFETIME_MINUTES = 60;

interface SignOptions {
  readonly account: bigint;
  readonly instrument: string;
  readonly buy?: bigint;
  readonly sell?: bigint;
  readonly price: bigint;
  readonly counterparty?: bigint;
  readonly reduceOnly?: boolean;
  readonly nonce?: number;
  readonly expires: number;
  readonly out: string;
}

export function addOrderCommands(program: Command): void {
  const order = program
    .command("order")
    .description("orders live in files: sign one, hand it to the other side, fill a pair, cancel");
  order
    .command("sign")
    .description("write a signed order into a file; nothing is sent to the chain")
    .requiredOption("--account <account>", "whose order it is", accountId)
    .requiredOption("--instrument <name>", "such as BTC-27MAR26-90000-C, or BTC-27MAR26 for a future")
    .option("--buy <size>", "buy so many units of the underlying", unitsE8)
    .option("--sell <size>", "sell so many units of the underlying", unitsE8)
    .requiredOption("--price <usd>", "limit, USD per unit of the underlying", unitsE8)
    .requiredOption("--out <file>", "where the signed order goes")
    .option("--counterparty <account>", "the only account that may take the other side", accountId)
    .option("--reduce-only", "only ever reduce the account's position")
    .option("--nonce <n>", "cancel orders below a nonce together (default: the lowest live one)", wholeNumber)
    .option("--expires <minutes>", "minutes that it lives", positiveNumber, DEFAULT_LIFETIME_MINUTES)
    .addHelpText(
      "after",
      examples(
        "order sign --account 1 --instrument BTC-27MAR26-90000-C --buy 0.5 --price 4200 --out buy.json --dev-account 0",
      ),
    )
    .action((options: SignOptions, command: Command) =>
      withSession(command, (context) => sign(context, options)),
    );
  order
    .command("fill")
    .description("settle two signed orders against each other at the maker's limit; anyone may")
    .argument("<maker>", "file of the order that was there first")
    .argument("<taker>", "file of the order that takes it")
    .option("--size <size>", "units of the underlying (default: the smaller of the two)", unitsE8)
    .addHelpText("after", examples("order fill sell.json buy.json --dev-account 0"))
    .action((maker: string, taker: string, { size }: { size?: bigint }, command: Command) =>
      withSession(command, (context) => fill(context, readSignedOrder(maker), readSignedOrder(taker), size)),
    );
  order
    .command("cancel")
    .description("kill a signed order on chain; its account's owner or operator only")
    .argument("<order>", "file of the order")
    .addHelpText("after", examples("order cancel buy.json --dev-account 0"))
    .action((file: string, _options: unknown, command: Command) =>
      withSession(command, (context) => cancel(context, readSignedOrder(file))),
    );
}

async function sign({ output, session }: CommandContext, options: SignOptions): Promise<void> {
  const { account, buy, sell, price, expires, out } = options;
  if ((buy === undefined) === (sell === undefined)) {
    throw new CommandError(
      "no-side",
      "an order either buys or sells",
      "give one of --buy SIZE and --sell SIZE",
    );
  }
  const { exchange } = session.contracts;
  const instrument = parseInstrument(options.instrument, session.deployment.markets);
  const signer = await session.signer();
  const [domain, minNonce, block] = await Promise.all([
    domainOf(session),
    exchange.minNonce(account),
    session.provider.getBlock("latest"),
  ]);
  const deadline = (block?.timestamp ?? 0) + Math.round(expires * SECONDS_PER_MINUTE);
  const order: Order = {
    account,
    instrument,
    sizeE8: buy ?? -(sell ?? 0n),
    limitPriceE8: price,
    counterparty: options.counterparty ?? 0n,
    reduceOnly: options.reduceOnly ?? false,
    nonce: options.nonce === undefined ? minNonce : BigInt(options.nonce),
    deadline,
  };
  const signature = await signer.signTypedData(domain, ORDER_TYPES, order);
  const name = describe(order, session.deployment.markets);
  writeSignedOrder(out, { name, order, signer: await signer.getAddress(), signature: asHex(signature) });
  const hash = await exchange.hashOrder(order);
  output.result({ file: out, hash, ...order, name }, () => [
    `Signed: ${name}, until ${time(deadline)}.`,
    `Wrote ${out}. Fill it: ballast order fill MAKER TAKER`,
  ]);
}

/** The domain that the exchange itself names (EIP-5267). */
async function domainOf({ contracts }: CommandContext["session"]): Promise<TypedDataDomain> {
  const { name, version, chainId, verifyingContract } = await contracts.exchange.eip712Domain();
  return { name, version, chainId, verifyingContract };
}

async function fill(
  { output, session }: CommandContext,
  maker: SignedOrder,
  taker: SignedOrder,
  size: bigint | undefined,
): Promise<void> {
  const { exchange } = await session.signed();
  const [makerLeft, takerLeft] = await Promise.all([remaining(session, maker), remaining(session, taker)]);
  const sizeE8 = size ?? (makerLeft < takerLeft ? makerLeft : takerLeft);
  const { hash, gasUsed } = await session.transact("filling the orders", () =>
    exchange.fill(
      maker.order,
      maker.signer,
      maker.signature,
      taker.order,
      taker.signer,
      taker.signature,
      sizeE8,
    ),
  );
  const instrument = instrumentName(maker.order.instrument, session.deployment.markets);
  const priceE8 = maker.order.limitPriceE8;
  output.result({ instrument, sizeE8, priceE8, hash, gasUsed }, () => [
    `Filled ${fromE8(sizeE8)} ${instrument} at ${fromE8(priceE8)} USD, for ${gasUsed.toString()} gas.`,
  ]);
}

async function remaining({ contracts }: CommandContext["session"], { order }: SignedOrder): Promise<bigint> {
  const filled = await contracts.exchange.filledE8(await contracts.exchange.hashOrder(order));
  return (order.sizeE8 < 0n ? -order.sizeE8 : order.sizeE8) - filled;
}

async function cancel({ output, session }: CommandContext, { order, name }: SignedOrder): Promise<void> {
  const { exchange } = await session.signed();
  const { hash, gasUsed } = await session.transact("cancelling the order", () => exchange.cancel(order));
  output.result({ order: await exchange.hashOrder(order), hash, gasUsed }, () => [`Cancelled: ${name}.`]);
}

function describe(order: Order, markets: Readonly<Record<string, string>>): string {
  const side = order.sizeE8 < 0n ? "sell" : "buy";
  const size = fromE8(order.sizeE8 < 0n ? -order.sizeE8 : order.sizeE8);
  return `account ${order.account.toString()}: ${side} ${size} ${instrumentName(order.instrument, markets)} at ${fromE8(order.limitPriceE8)} USD`;
}
