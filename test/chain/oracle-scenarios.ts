import { expect } from "chai";
import { concat, hexlify, keccak256, toBeHex, ZeroAddress } from "ethers";
import { deployOracle, type OracleFixture } from "../support/oracle-fixture.ts";
import { ballastDomain, SCENARIO_TYPES, signHash, typedHash } from "../support/risk-reports.ts";

const COUNT = 16;
const LAST_CELL = 11;

type SetDraft = Readonly<{
  count: number;
  markets: readonly number[];
  weight: (i: number) => number;
  cell: (i: number) => number;
}>;

const VALID: SetDraft = { count: COUNT, markets: [1, 2], weight: () => 1, cell: (i) => i % (LAST_CELL + 1) };

const encode = ({ count, markets, weight, cell }: SetDraft): string =>
  concat([
    toBeHex(count, 2),
    toBeHex(markets.length, 1),
    ...markets.map((market) => toBeHex(market, 2)),
    ...Array.from({ length: count }, (_, i) =>
      concat([toBeHex(weight(i), 2), ...markets.map(() => concat([toBeHex(cell(i), 1), "0x80", "0x8000"]))]),
    ),
  ]);

describe("ScenarioStore", () => {
  let fixture: OracleFixture;
  let digest: string;

  const hashOf = async (setId: bigint, data: string): Promise<string> =>
    typedHash(ballastDomain(fixture.chainId, await fixture.store.getAddress()), SCENARIO_TYPES, {
      configDigest: digest,
      setId,
      dataHash: keccak256(data),
    });
  const publish = async (data: string, setId = 1n) =>
    fixture.store.publish(setId, data, digest, signHash(fixture.keepers.slice(1), await hashOf(setId, data)));
  const expectRefused = (data: string, error: string, args: readonly unknown[]) =>
    expect(publish(data))
      .to.be.revertedWithCustomError(fixture.store, error)
      .withArgs(...args);

  beforeEach(async () => {
    fixture = await deployOracle();
    digest = await fixture.registry.configDigest();
  });

  it("stores a signed set as contract code behind one zero byte", async () => {
    expect(await fixture.store.inForce()).to.deep.equal([ZeroAddress, 0n]);
    const data = encode({ ...VALID, weight: (i) => i + 1 });
    const totalWeight = BigInt((COUNT * (COUNT + 1)) / 2);
    await expect(publish(data)).to.emit(fixture.store, "ScenarioSetPublished");
    const [setId, dataHash, pointer] = await fixture.store.current();
    expect([setId, dataHash]).to.deep.equal([1n, keccak256(data)]);
    expect(await fixture.store.inForce()).to.deep.equal([pointer, totalWeight]);
    expect(await fixture.ethers.provider.getCode(pointer)).to.equal(concat(["0x00", data]));
  });

  it("hashes a set as ethers' TypedDataEncoder does", async () => {
    const data = encode(VALID);
    expect(await fixture.store.hashSet(7n, data, digest)).to.equal(await hashOf(7n, data));
  });

  it("takes the largest set that governance allows for eight markets, and refuses what no contract can hold", async () => {
    const wide = { ...VALID, count: 512, markets: [1, 2, 3, 4, 5, 6, 7, 8] };
    await publish(encode(wide));
    const tooLarge = hexlify(new Uint8Array(24_576));
    await expect(publish(tooLarge, 2n))
      .to.be.revertedWithCustomError(fixture.store, "SetTooLarge")
      .withArgs(24_576n, 24_575n);
  });

  it("wants set ids to rise", async () => {
    await publish(encode(VALID), 5n);
    const again = publish(encode(VALID), 5n);
    await expect(again).to.be.revertedWithCustomError(fixture.store, "SetIdNotRising").withArgs(5n, 5n);
    await publish(encode(VALID), 6n);
  });

  it("refuses a set that keepers signed for another contract", async () => {
    const data = encode(VALID);
    const foreign = typedHash(
      ballastDomain(fixture.chainId, await fixture.oracle.getAddress()),
      SCENARIO_TYPES,
      {
        configDigest: digest,
        setId: 1n,
        dataHash: keccak256(data),
      },
    );
    await expect(
      fixture.store.publish(1n, data, digest, signHash(fixture.keepers.slice(1), foreign)),
    ).to.be.revertedWithCustomError(fixture.registry, "UnknownSigner");
  });

  it("refuses sets that are not well formed", async () => {
    await expectRefused("0x0010", "WrongLength", [2n, 3n]);
    await expectRefused(encode({ ...VALID, count: 15 }), "ScenarioCountOutOfBounds", [15n, 16n, 512n]);
    await expectRefused(encode({ ...VALID, count: 513 }), "ScenarioCountOutOfBounds", [513n, 16n, 512n]);
    await expectRefused(encode({ ...VALID, markets: [] }), "MarketCountOutOfBounds", [0n, 1n, 8n]);
    await expectRefused(
      encode({ ...VALID, markets: [1, 2, 3, 4, 5, 6, 7, 8, 9] }),
      "MarketCountOutOfBounds",
      [9n, 1n, 8n],
    );
    await expectRefused(encode({ ...VALID, markets: [2, 2] }), "MarketsNotAscending", [2n, 2n]);
    await expectRefused(encode({ ...VALID, weight: (i) => (i === 9 ? 0 : 1) }), "ZeroWeight", [9n]);
    await expectRefused(
      encode({ ...VALID, cell: (i) => (i === 15 ? LAST_CELL + 1 : 0) }),
      "CellOutOfBounds",
      [15n, 12n, 11n],
    );
    const length = BigInt(encode(VALID).length / 2 - 1);
    await expectRefused(`${encode(VALID)}00`, "WrongLength", [length + 1n, length]);
    await expectRefused(encode(VALID).slice(0, -2), "WrongLength", [length - 1n, length]);
  });
});
