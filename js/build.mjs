// Builds kodisc_jupyter/static/ from src/. The same source gives the same bytes: CI compares.
import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT = 20_000; // bytes, minified, script and style together
const LIMIT_GZIPPED = 8_000;

const ours = {
  absWorkingDir: new URL(".", import.meta.url).pathname,
  outdir: new URL("../kodisc_jupyter/static/", import.meta.url).pathname,
  format: "esm", // anywidget imports it as a module
  target: ["es2022"], // what JupyterLab 4 itself needs
  minify: true,
  charset: "utf8", // the interpuncts and arrows stay one character
  legalComments: "none",
};
await build({ ...ours, entryPoints: { panel: "src/index.js" }, bundle: true });
await build({ ...ours, entryPoints: { panel: "src/panel.css", later: "src/later.js" } });

const files = ["panel.js", "panel.css", "later.js"].map((name) => readFileSync(ours.outdir + name));
const bytes = files.reduce((sum, file) => sum + file.length, 0);
const gzipped = files.reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0);
console.log(`${bytes} bytes minified, ${gzipped} gzipped`);
if (bytes > LIMIT || gzipped > LIMIT_GZIPPED) {
  console.error(`too big: at most ${LIMIT} minified and ${LIMIT_GZIPPED} gzipped`);
  process.exit(1);
}
