// The account-risk table: rows hashed and proven by the core, checked by the contract, under a root that keepers signed.
import { expect } from "chai";
import { AbiCoder, keccak256, ZeroHash } from "ethers";
import {
  accountRiskLeaf,
  accountRiskProof,
  type AccountRisk,
} from "../../keeper/core/report/account-risk.ts";
import { merkleTree } from "../../keeper/core/report/merkle-tree.ts";
import { asHex, type Hex } from "../../keeper/ports/hex.ts";
import { treeOf } from "../support/account-risk-double.ts";
import { deployOracle, type OracleFixture } from "../support/oracle-fixture.ts";
import type { ReportDraft } from "../support/risk-reports.ts";
import type { AccountRiskVerifier } from "../../types/ethers-contracts/periphery/AccountRiskVerifier.ts";

const ROW_TYPES = ["uint64", "uint32", "uint256", "int256", "uint256", "uint256"];
const MAX_PROOF_LENGTH = 32;
const TABLE_SIZES = [1, 2, 3, 7, 16, 33];
const hash = (data: Hex): Hex => asHex(keccak256(data));

const rows = (count: number): readonly AccountRisk[] =>
  Array.from({ length: count }, (_, i) => ({
    epoch: 9n,
    round: 4,
    account: BigInt(i + 1),
    equityE6: i % 3 === 0 ? -(10n ** 12n) - BigInt(i) : BigInt(i) * 10n ** 9n,
    initialE6: BigInt(i) * 7n,
    maintenanceE6: BigInt(i) * 5n,
  }));

/** A house of one function: the address of its oracle. */
const deployVerifier = async (fixture: OracleFixture): Promise<AccountRiskVerifier> => {
  const { ethers } = fixture;
  const vault = await ethers.deployContract("CollateralVault", [
    fixture.owner.address,
    await ethers.deployContract("MockToken", ["USDC", 6]),
    1n,
  ]);
  const { oracle } = fixture;
  const house = await ethers.deployContract("ClearingHouse", [
    fixture.owner.address,
    vault,
    oracle,
    oracle,
    oracle,
  ]);
  return ethers.deployContract("AccountRiskVerifier", [house]);
};

describe("AccountRiskVerifier", () => {
  let fixture: OracleFixture;
  let verifier: AccountRiskVerifier;
  let first: ReportDraft;

  beforeEach(async () => {
    fixture = await deployOracle();
    first = await fixture.validDraft();
    verifier = await deployVerifier(fixture);
  });

  const postRoot = async (accountRoot: string, round = 1n) => {
    const valid = await fixture.validDraft();
    await fixture.submit({ ...valid, markets: first.markets, accountRoot, round });
  };

  it("hashes each row as the core and as ethers' ABI coder do", async () => {
    const extremes: readonly AccountRisk[] = [
      {
        epoch: 2n ** 64n - 1n,
        round: 2 ** 32 - 1,
        account: 2n ** 256n - 1n,
        equityE6: -(2n ** 255n),
        initialE6: 2n ** 256n - 1n,
        maintenanceE6: 0n,
      },
      { epoch: 0n, round: 0, account: 0n, equityE6: -1n, initialE6: 0n, maintenanceE6: 1n },
    ];
    for (const row of [...rows(5), ...extremes]) {
      const { epoch, round, account, equityE6, initialE6, maintenanceE6 } = row;
      const encoded = AbiCoder.defaultAbiCoder().encode(ROW_TYPES, [
        epoch,
        round,
        account,
        equityE6,
        initialE6,
        maintenanceE6,
      ]);
      const onChain = await verifier.hashAccountRisk(row);
      expect(onChain).to.equal(keccak256(keccak256(encoded)));
      expect(onChain).to.equal(accountRiskLeaf(row, hash));
    }
  });

  it("believes every row of a table under its root and no changed row", async () => {
    for (const [i, size] of TABLE_SIZES.entries()) {
      const table = rows(size);
      const tree = treeOf(table);
      await postRoot(tree.root, BigInt(i + 1));
      await fixture.networkHelpers.time.increase(1);
      for (const row of table) {
        const proof = [...accountRiskProof(tree, row, hash)];
        expect(await verifier.verifyAccountRisk(row, proof)).to.equal(true);
        const changes: readonly Partial<AccountRisk>[] = [
          { epoch: row.epoch + 1n },
          { round: row.round + 1 },
          { account: row.account + 100n },
          { equityE6: row.equityE6 + 1n },
          { initialE6: row.initialE6 + 1n },
          { maintenanceE6: row.maintenanceE6 + 1n },
        ];
        const [change = {}] = changes.slice(Number(row.account) % changes.length);
        expect(await verifier.verifyAccountRisk({ ...row, ...change }, proof)).to.equal(false);
        if (proof.length > 0) expect(await verifier.verifyAccountRisk(row, proof.slice(1))).to.equal(false);
      }
    }
  });

  it("believes a row no longer once another root is posted", async () => {
    const table = rows(4);
    const tree = treeOf(table);
    const [row] = table;
    if (row === undefined) throw new Error("the table is empty");
    const proof = [...accountRiskProof(tree, row, hash)];
    await postRoot(tree.root);
    expect(await verifier.verifyAccountRisk(row, proof)).to.equal(true);
    await fixture.networkHelpers.time.increase(1);
    await postRoot(treeOf(rows(5)).root, 2n);
    expect(await verifier.verifyAccountRisk(row, proof)).to.equal(false);
  });

  it("refuses everything while no table is published", async () => {
    const row = rows(1)[0];
    if (row === undefined) throw new Error("the table is empty");
    await expect(verifier.verifyAccountRisk(row, [])).to.be.revertedWithCustomError(
      verifier,
      "NoAccountRoot",
    );
    await postRoot(ZeroHash);
    await expect(verifier.verifyAccountRisk(row, [])).to.be.revertedWithCustomError(
      verifier,
      "NoAccountRoot",
    );
  });

  it("takes proofs of 32 hashes and none longer", async () => {
    const row = rows(1)[0];
    if (row === undefined) throw new Error("the table is empty");
    const siblings = Array.from({ length: MAX_PROOF_LENGTH }, (_, i) =>
      hash(asHex(`0x${i.toString(16).padStart(64, "0")}`)),
    );
    const root = siblings.reduce(
      (node, sibling) => merkleTree([node, sibling], hash).root,
      accountRiskLeaf(row, hash),
    );
    await postRoot(root);
    expect(await verifier.verifyAccountRisk(row, siblings)).to.equal(true);
    await expect(verifier.verifyAccountRisk(row, [...siblings, ZeroHash]))
      .to.be.revertedWithCustomError(verifier, "ProofTooLong")
      .withArgs(33n, 32n);
  });

  it("is told by the core which field does not fit", () => {
    const [row] = rows(1);
    if (row === undefined) throw new Error("the table is empty");
    expect(() => accountRiskLeaf({ ...row, round: 2 ** 32 }, hash)).to.throw("round");
    expect(() => accountRiskLeaf({ ...row, equityE6: 2n ** 255n }, hash)).to.throw("equityE6");
  });
});
