// What the test runners reported, read from a folder with cargo's output (cargo.txt) and Playwright's
// JSON report (playwright.json):
//
//   node scripts/reports.mjs sum FOLDER     prints how many tests passed and failed
//   node scripts/reports.mjs trace FOLDER   holds docs/requirements.md and docs/security.md against them
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const DOCUMENT = "docs/requirements.md";
const THREATS = "docs/security.md";
// Every requirement there is: A1 to A5, T1 to T4 and so on.
const REQUIREMENTS = { A: 5, T: 4, S: 5, I: 5, D: 9, G: 6, P: 3, O: 8, M: 1 };

/** Tests by name, as the document writes it: `binary::path::of::test`, or `file › suite › title`. */
function readReports(folder) {
  const tests = new Map();
  // A test that ran twice, say in two browsers, passes only when both did.
  const add = (name, result) => tests.set(name, [...(tests.get(name) ?? []), result]);
  const read = (file) => (existsSync(`${folder}/${file}`) ? readFileSync(`${folder}/${file}`, "utf8") : "");

  let binary = "";
  for (const line of read("cargo.txt").split("\n")) {
    const running = line.match(/^\s+(?:Running .*\(.*\/(.+)-[0-9a-f]+\)|Doc-tests (\S+))$/);
    if (running) binary = running[1] ?? running[2];
    const test = line.match(/^test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored)/);
    if (test) add(`${binary}::${test[1]}`, { ok: "passed", FAILED: "failed", ignored: "skipped" }[test[2]]);
  }

  const walk = (suite, path) => {
    for (const spec of suite.specs ?? []) {
      for (const { status } of spec.tests) {
        const result = { expected: "passed", flaky: "passed", skipped: "skipped" }[status] ?? "failed";
        add([...path, spec.title].join(" › "), result);
      }
    }
    for (const inner of suite.suites ?? []) walk(inner, [...path, inner.title]);
  };
  walk(JSON.parse(read("playwright.json") || "{}"), []);
  return tests;
}

function sum(tests) {
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const result of [...tests.values()].flat()) count[result]++;
  if (tests.size === 0) return;
  console.log(`${count.passed} passed, ${count.failed} failed` + (count.skipped ? `, ${count.skipped} skipped` : ""));
}

const quoted = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]);

/** The rows `| threat | what stands against it | tests |` of the threat model. */
function parseThreats(text) {
  const rows = [...text.matchAll(/^\|([^|]*)\|[^|]*\|([^|]*)\|$/gm)].map(([, threat, names]) => [threat.trim(), quoted(names)]);
  return rows.filter(([threat]) => threat !== "Threat" && !/^-+$/.test(threat));
}

/** The rows `| ID | what | tests |` and the items `- ID: what is missing` of the document. */
function parseDocument(text) {
  const traced = new Map();
  for (const [, id, names] of text.matchAll(/^\|\s*([A-Z]\d)\s*\|[^|]*\|([^|]*)\|$/gm)) {
    traced.set(id, quoted(names));
  }
  const open = [...text.matchAll(/^- ([A-Z]\d)\b/gm)].map((match) => match[1]);
  return { traced, open };
}

function git(...args) {
  try {
    return execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return ""; // no history here, say in an unpacked archive
  }
}

function trace(tests) {
  const problems = [];
  const { traced, open } = parseDocument(readFileSync(DOCUMENT, "utf8"));

  const ids = Object.entries(REQUIREMENTS).flatMap(([area, n]) => Array.from({ length: n }, (_, i) => `${area}${i + 1}`));
  for (const id of ids) {
    if (!traced.has(id) && !open.includes(id)) problems.push(`${id} is neither traced to a test nor listed as open`);
  }
  for (const id of [...traced.keys(), ...open]) if (!ids.includes(id)) problems.push(`${id} is no requirement`);

  const threats = parseThreats(readFileSync(THREATS, "utf8"));
  for (const [id, names] of [...traced, ...threats]) {
    if (names.length === 0) problems.push(`${id} names no test`);
    for (const name of names) {
      // A module, a file or a suite stands for all its tests.
      const covered = (test) => test === name || test.startsWith(`${name}::`) || test.startsWith(`${name} › `);
      const results = [...tests].filter(([test]) => covered(test)).flatMap(([, results]) => results);
      if (results.length === 0) problems.push(`${id}: “${name}” did not run`);
      else if (results.some((result) => result !== "passed")) problems.push(`${id}: “${name}” did not pass`);
    }
  }

  // The list of open ones may only shrink: held against the last two committed versions.
  for (const commit of git("log", "-2", "--format=%H", "--", DOCUMENT).split("\n").filter(Boolean)) {
    const before = parseDocument(git("show", `${commit}:${DOCUMENT}`)).open;
    for (const id of open) if (!before.includes(id)) problems.push(`${id} is open again, which it was not in ${commit}`);
  }

  for (const problem of new Set(problems)) console.error(`✗ ${problem}`);
  console.log(`  ${traced.size} of ${ids.length} requirements are traced to tests (${open.length} are open, in whole or in ` +
    `part), and ${threats.length} threats`);
  if (problems.length > 0) process.exit(1);
}

const [task, folder] = process.argv.slice(2);
const tasks = { sum, trace };
if (!tasks[task] || !folder) {
  console.error("usage: node scripts/reports.mjs sum|trace FOLDER");
  process.exit(2);
}
tasks[task](readReports(folder));
