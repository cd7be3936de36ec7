import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { safeUrl } from "../src/links.js";

const examples = JSON.parse(readFileSync(new URL("links.json", import.meta.url), "utf8"));

test("addresses that may become players and links are kept as they are", () => {
  for (const url of examples.allowed) assert.equal(safeUrl(url), url);
});

test("every other address is refused", () => {
  for (const url of [...examples.refused, null, undefined, 7]) assert.equal(safeUrl(url), null, url);
});
