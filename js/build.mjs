// Builds kodisc_jupyter/static/, or the folder that is named, from src/. The same source gives the
// same bytes: `make js` compares.
import { build } from "esbuild";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { minify } from "terser";

const LIMIT = 20_000; // bytes, minified, script and style together
const LIMIT_GZIPPED = 8_000;

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const ours = {
  absWorkingDir: new URL(".", import.meta.url).pathname,
  outdir: `${resolve(process.argv[2] ?? new URL("../kodisc_jupyter/static", import.meta.url).pathname)}/`,
  format: "esm", // anywidget imports it as a module
  target: ["es2022"], // what JupyterLab 4 itself needs
  minify: true,
  charset: "utf8", // the interpuncts and arrows stay one character
  legalComments: "none",
};
await build({ ...ours, entryPoints: { panel: "src/index.js" }, bundle: true });
// Every cell of Colab carries it: what esbuild leaves is made shorter still.
const panel = `${ours.outdir}panel.js`;
const shorter = { module: true, ecma: 2020, compress: { passes: 3 } };
writeFileSync(panel, `${(await minify(readFileSync(panel, "utf8"), shorter)).code}\n`);
// Each file by itself, as it stands: without a format esbuild adds no names to what is exported.
const apart = { panel: "src/panel.css", later: "src/later.js", show: "src/show.js" };
await build({ ...ours, format: undefined, tsconfigRaw: {}, entryPoints: apart });

// The extension of JupyterLab and Notebook 7: a folder that is found as it is, a plain script.
const extension = `${ours.outdir}labextension/`;
await build({
  ...ours,
  outdir: `${extension}static/`,
  entryPoints: { remoteEntry: "src/labextension/index.js" },
  bundle: true,
  format: "iife",
});
mkdirSync(extension, { recursive: true });
writeFileSync(
  `${extension}package.json`,
  `${JSON.stringify(
    {
      name: "kodisc-jupyter",
      version,
      description: "Puts finished Kodisc videos into the notebook's file.",
      license: "MIT",
      jupyterlab: {
        extension: true,
        _build: { load: "static/remoteEntry.js", extension: "./extension" },
      },
    },
    null,
    2,
  )}\n`,
);

const files = ["panel.js", "panel.css"].map((name) => readFileSync(ours.outdir + name));
const bytes = files.reduce((sum, file) => sum + file.length, 0);
const gzipped = files.reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0);
console.log(`${bytes} bytes minified, ${gzipped} gzipped`);
if (bytes > LIMIT || gzipped > LIMIT_GZIPPED) {
  console.error(`too big: at most ${LIMIT} minified and ${LIMIT_GZIPPED} gzipped`);
  process.exit(1);
}
