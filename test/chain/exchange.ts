// Orders signed by an outside wallet library against the exchange: the hash, the signer, and where a signature may not be replayed.
import { expect } from "chai";
import { TypedDataEncoder, type HDNodeWallet, type TypedDataDomain } from "ethers";
import { network } from "hardhat";
import { ORDER_TYPES } from "../../keeper/core/report/typed-data.ts";
import { ClearingHouse__factory } from "../../types/ethers-contracts/factories/clearing/ClearingHouse__factory.ts";
import { Exchange__factory } from "../../types/ethers-contracts/factories/trading/Exchange__factory.ts";

const COIN_DECIMALS = 6;
const CAP_UNITS = 2n ** 128n - 1n;
const UNIT_E8 = 100_000_000n;
const FAR_DEADLINE = 2n ** 40n - 1n;
const INSTRUMENT = (1n << 112n) | (FAR_DEADLINE << 72n) | ((3_000n * UNIT_E8) << 8n);
const EXPIRED_INSTRUMENT = (1n << 112n) | (3_600n << 72n) | ((3_000n * UNIT_E8) << 8n);

type Order = Readonly<{
  account: bigint;
  instrument: bigint;
  sizeE8: bigint;
  limitPriceE8: bigint;
  counterparty: bigint;
  reduceOnly: boolean;
  nonce: bigint;
  deadline: bigint;
}>;

const order = (account: bigint, sizeE8: bigint, changed: Partial<Order> = {}): Order => ({
  account,
  instrument: INSTRUMENT,
  sizeE8,
  limitPriceE8: 100n * UNIT_E8,
  counterparty: 0n,
  reduceOnly: false,
  nonce: 0n,
  deadline: FAR_DEADLINE,
  ...changed,
});

async function deployHouse() {
  const { ethers } = await network.create();
  const [admin] = await ethers.getSigners();
  if (admin === undefined) throw new Error("the chain has no signers");
  const coin = await ethers.deployContract("MockToken", ["USDC", COIN_DECIMALS]);
  const vault = await ethers.deployContract("CollateralVault", [
    admin.address,
    await coin.getAddress(),
    CAP_UNITS,
  ]);
  // No trade gets as far as margin here: any address stands for the modules that it would ask.
  const anyone = ethers.Wallet.createRandom().address;
  const house = await new ClearingHouse__factory(admin).deploy(
    admin.address,
    await vault.getAddress(),
    anyone,
    anyone,
    anyone,
  );
  const exchange = await new Exchange__factory(admin).deploy(await house.getAddress());
  await house.grantRole(await house.EXCHANGE_ROLE(), await exchange.getAddress());
  const maker = ethers.Wallet.createRandom();
  const taker = ethers.Wallet.createRandom();
  await house.openAccount(maker.address);
  await house.openAccount(taker.address);
  const domain: TypedDataDomain = {
    name: "Ballast Exchange",
    version: "1",
    chainId: (await ethers.provider.getNetwork()).chainId,
    verifyingContract: await exchange.getAddress(),
  };
  return { ethers, house, exchange, maker, taker, domain };
}

type Deployed = Awaited<ReturnType<typeof deployHouse>>;

describe("Exchange, orders signed with ethers", () => {
  let chain: Deployed;

  beforeEach(async () => {
    chain = await deployHouse();
  });

  const sign = (wallet: HDNodeWallet, signed: Order, domain = chain.domain) =>
    wallet.signTypedData(domain, ORDER_TYPES, signed);

  const fill = async (sell: Order, sellSignature: string, buy: Order) =>
    chain.exchange.fill(
      sell,
      chain.maker.address,
      sellSignature,
      buy,
      chain.taker.address,
      await sign(chain.taker, buy),
      1n,
    );

  it("hashes an order as EIP-712 does", async () => {
    for (const one of [
      order(1n, -UNIT_E8),
      order(2n ** 200n, 2n ** 127n - 1n, { reduceOnly: true, counterparty: 7n, nonce: 2n ** 64n - 1n }),
      order(3n, -(2n ** 127n), { limitPriceE8: 2n ** 128n - 1n, deadline: 0n }),
    ]) {
      expect(await chain.exchange.hashOrder(one)).to.equal(
        TypedDataEncoder.hash(chain.domain, ORDER_TYPES, one),
      );
    }
  });

  it("takes both signatures and hands the trade to the house", async () => {
    const sell = order(1n, -UNIT_E8, { instrument: EXPIRED_INSTRUMENT });
    const buy = order(2n, UNIT_E8, { instrument: EXPIRED_INSTRUMENT });
    // The house's own refusal shows that both orders passed the exchange.
    await expect(fill(sell, await sign(chain.maker, sell), buy))
      .to.be.revertedWithCustomError(chain.house, "InstrumentExpired")
      .withArgs(EXPIRED_INSTRUMENT, 3_600n);
  });

  it("refuses a signature made for another chain or another contract", async () => {
    const sell = order(1n, -UNIT_E8);
    const elsewhere: readonly TypedDataDomain[] = [
      { ...chain.domain, chainId: 1n },
      { ...chain.domain, verifyingContract: await chain.house.getAddress() },
      { ...chain.domain, version: "2" },
    ];
    for (const domain of elsewhere) {
      await expect(fill(sell, await sign(chain.maker, sell, domain), order(2n, UNIT_E8)))
        .to.be.revertedWithCustomError(chain.exchange, "BadOrderSignature")
        .withArgs(await chain.exchange.hashOrder(sell), chain.maker.address);
    }
  });

  it("refuses an account's order signed by someone else", async () => {
    const sell = order(2n, -UNIT_E8);
    await expect(fill(sell, await sign(chain.maker, sell), order(2n, UNIT_E8)))
      .to.be.revertedWithCustomError(chain.exchange, "SignerNotAllowed")
      .withArgs(2n, chain.maker.address);
  });

  it("refuses an order past its deadline, naming both times", async () => {
    const sell = order(1n, -UNIT_E8, { deadline: 1n });
    await expect(fill(sell, await sign(chain.maker, sell), order(2n, UNIT_E8)))
      .to.be.revertedWithCustomError(chain.exchange, "OrderExpired")
      .withArgs(1n, (now: bigint) => now > 1n);
  });
});
