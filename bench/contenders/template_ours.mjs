// node template_ours.mjs DIST FILE PASSES: the chains of a JSONL file rendered with the built package. Prints CPU seconds of a pass,
// after one that is not measured, and the bytes of text that came out of it.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [dist, file, passes] = process.argv.slice(2);
const { renderChain } = await import(pathToFileURL(`${dist}/activities/template/render.js`).href);
const { joinExamples } = await import(pathToFileURL(`${dist}/activities/template/documents.js`).href);

const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
const digest = createHash('sha256');
for (const line of lines) digest.update(line);
const chains = lines.map((line) => JSON.parse(line));

function pass() {
  let bytes = 0;
  for (const chain of chains) {
    bytes += Buffer.byteLength(joinExamples(renderChain(chain, { seed: 'bench' })).text);
  }
  return bytes;
}
const seconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const bytes = pass();
const before = seconds();
for (let i = 0; i < Number(passes); i++) pass();
console.log(
  JSON.stringify({ digest: digest.digest('hex'), seconds: (seconds() - before) / Number(passes), bytes }),
);
