// The order of the TypeScript layers: core <- ports <- services <- keeper.ts <- main.ts.
const PURE_MATHS_PACKAGES = "^node_modules/(ml-levenberg-marquardt|ml-matrix|pure-rand|simple-statistics)/";

/** A rule that lets the files of `from` import the paths of `allowed` and nothing else. */
const mayImportOnly = (name, comment, from, allowed) => ({
  name,
  comment,
  severity: "error",
  from: { path: from },
  to: { pathNot: allowed },
});

export default {
  forbidden: [
    mayImportOnly("core-is-pure", "core imports core and pure maths packages alone.", "^keeper/core/", [
      "^keeper/core/",
      PURE_MATHS_PACKAGES,
    ]),
    mayImportOnly(
      "ports-on-core",
      "Ports are interfaces: they import core and ports alone.",
      "^keeper/ports/",
      ["^keeper/(core|ports)/"],
    ),
    mayImportOnly("services-on-ports", "Services reach the outside through ports.", "^keeper/services/", [
      "^keeper/(core|ports|services)/",
    ]),
    mayImportOnly(
      "keeper-on-services",
      "keeper.ts puts services together; it knows no adapter.",
      "^keeper/keeper\\.ts$",
      ["^keeper/(core|ports|services)/", "^keeper/config\\.ts$"],
    ),
    mayImportOnly(
      "config-stands-alone",
      "config.ts reads the environment for all others.",
      "^keeper/config\\.ts$",
      ["^keeper/(core/|schema-issues\\.ts$)", "^node_modules/", "^(node:)?(fs|path|url)(/promises)?$"],
    ),
    {
      name: "adapters-on-ports",
      comment: "Adapters import ports, core, packages and generated contract types.",
      severity: "error",
      from: { path: "^keeper/adapters/" },
      to: { path: "^(keeper|scripts|deploy|test)/", pathNot: "^keeper/(core|ports|adapters)/" },
    },
    {
      name: "only-main-knows-adapters",
      comment: "Only main.ts, the command line, scripts and tests choose adapters.",
      severity: "error",
      from: { path: "^(keeper|deploy)/", pathNot: ["^keeper/(adapters|cli)/", "^keeper/main\\.ts$"] },
      to: { path: "^keeper/adapters/" },
    },
    {
      name: "keeper-stands-alone",
      comment: "The keeper runs without scripts and tests.",
      severity: "error",
      from: { path: "^keeper/" },
      to: { path: "^(scripts|test)/" },
    },
    {
      name: "no-circle",
      comment: "Files that import each other are one file, or share a third.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-unresolvable",
      comment: "The import leads nowhere.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ["node_modules", "^types/", "^artifacts/"] },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "types", "default"],
    },
  },
};
