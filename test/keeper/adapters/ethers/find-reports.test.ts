import { expect } from "chai";
import { concat, Wallet } from "ethers";
import { findReports } from "../../../../keeper/adapters/ethers/find-reports.ts";
import { hashHead, reportHead } from "../../../../keeper/adapters/ethers/wallet-signer.ts";
import { asHex, type Hex } from "../../../../keeper/ports/hex.ts";
import { ORACLE_DOMAIN } from "../../../support/keeper-doubles.ts";
import {
  multicall,
  reportOfRound,
  signatureOf,
  SIGNING_KEEPERS,
  signingConfigurations,
  submitCall,
  wrappedCall,
} from "../../../support/signed-calls.ts";

const configurations = signingConfigurations();
const search = (data: Hex) => findReports(data, configurations, ORACLE_DOMAIN);
const signersIn = (data: Hex) =>
  search(data).found.flatMap(({ signatures }) => signatures.map(({ signer }) => signer));

const report = reportOfRound();
const quorum = SIGNING_KEEPERS.slice(0, 3);
const signatures = quorum.map((keeper) => signatureOf(report, keeper));
const signers = quorum.map(({ address }) => address);

describe("a call's data", () => {
  it("show a signed report, whatever function takes it and however deep it lies", () => {
    const stray = asHex(concat([submitCall(report, signatures), "0xff"]));
    for (const data of [
      submitCall(report, signatures),
      wrappedCall(report, signatures),
      multicall(["0xdeadbeef", multicall([wrappedCall(report, signatures)])]),
      asHex(concat(["0xab", submitCall(report, signatures)])),
      stray,
    ]) {
      const { found, isCrowded } = search(data);
      expect(found.map((each) => each.report)).to.deep.equal([report]);
      expect(found[0]?.hash).to.equal(hashHead(ORACLE_DOMAIN, reportHead(report)));
      expect(signersIn(data)).to.deep.equal(signers);
      expect(isCrowded).to.equal(false);
    }
  });

  it("show each of several reports with its own signatures", () => {
    const other = reportOfRound(7, { pegBps: 9_999 });
    const [, , third] = SIGNING_KEEPERS;
    if (third === undefined) throw new Error("four keepers");
    const data = multicall([submitCall(report, signatures), wrappedCall(other, [signatureOf(other, third)])]);
    expect(search(data).found.map((each) => each.signatures.length)).to.deep.equal([3, 1]);
    expect(search(data).found[1]?.signatures[0]?.signer).to.equal(third.address);
  });

  it("show no signature of strangers, and no report of a configuration that never was", () => {
    const stranger = new Wallet(`0x${"77".repeat(32)}`);
    expect(signersIn(submitCall(report, [signatureOf(report, stranger)]))).to.deep.equal([]);
    const foreign = reportOfRound(7, { configDigest: asHex(`0x${"ef".repeat(32)}`) });
    expect(search(submitCall(foreign, signatures)).found).to.deep.equal([]);
  });

  it("show nothing, and throw nothing, when they are cut or hold values that no report has", () => {
    const data = submitCall(report, []);
    const end = (data.length - 2) / 2;
    // Without its empty list of signatures the report is whole still.
    for (let bytes = 0; bytes < end - 32; bytes += 7)
      expect(search(asHex(data.slice(0, 2 + 2 * bytes))).found).to.deep.equal([]);
    for (const broken of [`0x${"ff".repeat(68)}`, "0x", "0x00"])
      expect(search(asHex(broken)).found).to.deep.equal([]);
    const word = 2 + 2 * (4 + 64 + 32);
    const wideEpoch = `${data.slice(0, word)}${"ff".repeat(32)}${data.slice(word + 64)}`;
    expect(search(asHex(wideEpoch)).found).to.deep.equal([]);
  });

  it("cost no more than so much, however many reports and signatures they hold, and say that they hold more", () => {
    const many = Array.from({ length: 40 }, (_, round) => submitCall(reportOfRound(round), signatures));
    const { found, isCrowded } = search(multicall(many));
    expect([found.length, isCrowded]).to.deep.equal([16, true]);
    // Each of them is another signature, and none is a keeper's.
    const strange = Array.from({ length: 200 }, (_, index) =>
      asHex(`${signatures[0]!.slice(0, -6)}${index.toString(16).padStart(4, "0")}1b`),
    );
    const swollen = search(submitCall(report, [...strange, ...signatures]));
    expect([swollen.found[0]?.signatures, swollen.isCrowded]).to.deep.equal([[], true]);
  });
});
