import eslint from "@eslint/js";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

const MAX_FUNCTION_LINES = 60;

const noBarrels = [
  { selector: "ExportAllDeclaration", message: "No barrels: import from the file that defines it." },
  {
    selector: "ExportNamedDeclaration[source]",
    message: "No barrels: import from the file that defines it.",
  },
];
const noDefaultExport = {
  selector: "ExportDefaultDeclaration",
  message: "No default exports: give it a name, so that it is called the same everywhere.",
};
const noEnvironment = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: "Only keeper/config.ts reads the environment: take the value as an argument.",
};
const onlyErasable = {
  selector:
    "TSEnumDeclaration, TSParameterProperty, TSModuleDeclaration[kind!='global'], TSImportEqualsDeclaration",
  message: "Node runs the types away without compiling: use only syntax that can be erased.",
};
const noClock = {
  selector:
    "Identifier[name=/^(Date|performance|setTimeout|setInterval|fetch)$/], MemberExpression[object.name='Math'][property.name='random']",
  message: "keeper/core is pure: take time and random numbers as arguments.",
};

const always = [...noBarrels, onlyErasable];

export default defineConfig(
  { ignores: ["artifacts/", "cache/", "coverage/", "out/", "types/"] },
  eslint.configs.recommended,
  {
    files: ["**/*.ts", "**/*.tsx"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      // Loops over typed arrays know that their index is inside; the assertion says so without a test at run time.
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      eqeqeq: "error",
      "no-console": "off",
      "no-param-reassign": "error",
      "prefer-const": "error",
      "max-lines-per-function": [
        "error",
        { max: MAX_FUNCTION_LINES, skipBlankLines: true, skipComments: true },
      ],
      "no-restricted-imports": [
        "error",
        { paths: [{ name: "node:process", message: "Use the global process." }] },
      ],
      "no-restricted-syntax": ["error", ...always, noDefaultExport, noEnvironment],
    },
  },
  {
    // The second is for modules that Node loads before a program: no argument reaches them.
    files: ["keeper/config.ts", "scripts/network/preload.ts"],
    rules: { "no-restricted-syntax": ["error", ...always, noDefaultExport] },
  },
  {
    files: ["keeper/core/**/*.ts"],
    rules: { "no-restricted-syntax": ["error", ...always, noDefaultExport, noEnvironment, noClock] },
  },
  {
    // Hardhat and Ignition load these by their default export.
    files: ["**/*.config.ts", "deploy/**/*.ts"],
    rules: { "no-restricted-syntax": ["error", ...always, noEnvironment] },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      "max-lines-per-function": "off",
      // chai's assertions are property reads.
      "@typescript-eslint/no-unused-expressions": "off",
    },
  },
  {
    files: ["**/*.mjs"],
    languageOptions: { globals: { console: "readonly", process: "readonly", URL: "readonly" } },
  },
);
