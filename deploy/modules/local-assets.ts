import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** A stand-in for something that a public chain already has. */
export type Mock = Readonly<{
  id: string;
  contract: "MockToken" | "MockPriceFeed";
  args: readonly (string | number | bigint)[];
}>;

/** Tokens and price feeds of a local chain. */
export const localAssetsModule = (mocks: readonly Mock[]) =>
  buildModule("LocalAssets", (m) =>
    Object.fromEntries(mocks.map(({ id, contract, args }) => [id, m.contract(contract, [...args], { id })])),
  );
