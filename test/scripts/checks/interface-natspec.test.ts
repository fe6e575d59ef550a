import { expect } from "chai";
import { undocumentedDeclarations } from "../../../scripts/checks/interface-natspec.ts";
import { listProjectPaths, readProjectFiles } from "../../../scripts/checks/project-files.ts";

const PATH = "contracts/interfaces/IThing.sol";
const problems = (...body: readonly string[]) =>
  undocumentedDeclarations([{ path: PATH, text: ["interface IThing {", ...body, "}"].join("\n") }]);

describe("the check of the interfaces' documentation", () => {
  it("names each function, event and error without a notice, and its line", () => {
    expect(
      problems("    event Done(uint256 what);", "    error Wrong();", "    function run() external;"),
    ).to.deep.equal([
      `${PATH}:2: event Done has no @notice`,
      `${PATH}:3: error Wrong has no @notice`,
      `${PATH}:4: function run has no @notice`,
    ]);
  });

  it("takes a notice directly above, with or without parameters below it", () => {
    const documented = [
      "    /// @notice Runs.",
      "    /// @param what It.",
      "    function run(uint256 what) external;",
    ];
    expect(problems(...documented)).to.deep.equal([]);
    expect(problems(documented[0] ?? "", "", ...documented.slice(1))).to.have.length(1);
    expect(problems("    /// @param what It.", "    error Wrong(uint256 what);")).to.have.length(1);
    expect(problems("    // @notice Runs.", "    error Wrong();")).to.have.length(1);
  });

  it("looks at interfaces alone", () => {
    const text = "contract Thing {\n    function run() external {}\n}";
    expect(undocumentedDeclarations([{ path: "contracts/oracle/Thing.sol", text }])).to.deep.equal([]);
  });

  it("finds nothing in the project", () => {
    const paths = listProjectPaths().filter((path) => path.startsWith("contracts/interfaces/"));
    expect(paths).not.to.deep.equal([]);
    expect(undocumentedDeclarations(readProjectFiles(paths))).to.deep.equal([]);
  });
});
