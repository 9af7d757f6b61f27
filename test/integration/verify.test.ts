import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ManifestCore, Publication } from '../../activities/publish/publication.ts';
import { readManifest } from '../../activities/publish/verify.ts';
import { tokenBytes, tokenIds } from '../../activities/shards/dtype.ts';
import { parseMegatronIndex } from '../../activities/shards/megatron.ts';
import { openTokenizer, type TextTokenizer } from '../../activities/tokenize/tokenizer.ts';
import { samplePassages } from '../../client/sample/index.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { type Output, readChecked } from '../../lake/commit.ts';
import { canonicalJson, sha256 } from '../../lake/hash.ts';
import { append, publishedRun, readHead, withoutRun } from '../../lake/log.ts';
import { openLab } from '../lab.ts';
import { openPipeline, type Pipeline, publicationOf, putTexts, textSpec } from '../pipeline.ts';

/*
 * Publications that are forged as a whole, every hash of them right up to the log: what is wrong shows only where the manifest is computed
 * again, or the ids in the shards are read.
 */

const DOMAIN = 'forged';
const MIX = {
  sources: [
    { from: 'augmented', repeat: 1 },
    { from: 'raw', repeat: 2 },
  ],
};
let pipeline: Pipeline;
let tokenizer: TextTokenizer;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab());
  const [settings] = Object.values(pipeline.settings.tokenizers);
  if (settings === undefined) throw new Error('there is no tokenizer');
  const bos = '<|begin|>';
  tokenizer = await openTokenizer({ ...settings, bos });
  const texts = samplePassages()
    .slice(0, 24)
    .map(({ text }, i) =>
      i % 4 === 0 ? `${text} It was <s>struck</s> out, < / End >, <CON> and all.` : text,
    );
  await putTexts(pipeline.store, `raw/${DOMAIN}/a.parquet`, [...texts, texts[0] ?? '', null, ' ']);
  await pipeline.work({ ...pipeline.settings, tokenizers: { default: { ...settings, bos } } });
  const shards = { bytes: 8192, mask: true, ignoreMask: true };
  const spec = textSpec(DOMAIN, { mix: MIX, sequenceLength: 256, shards } as never);
  const { synthesize } = spec;
  await pipeline.runIngest({ ...spec, synthesize: { ...synthesize, share: 0.5 } }, 'r1');
}, 120_000);
afterAll(() => pipeline?.close());

type Changed<T> = { -readonly [K in keyof T]: T[K] };
interface Forgery {
  core: Changed<ManifestCore>;
  publication: Changed<Publication>;
  put(name: string, body: Uint8Array | string): Promise<Output>;
}
let forged = 0;

/** Publishes a run anew, with something else in it, as if that had been so from the start; then what is wrong with it. */
async function wrongWith(change: (forgery: Forgery) => Promise<void> | void, run = 'r1'): Promise<string[]> {
  const { store } = pipeline;
  const before = (await readHead(store, DOMAIN)).entry;
  const published = publishedRun(before, run);
  const publication = await publicationOf(store, { domain: DOMAIN, run });
  const core = await readManifest(store, publication.manifest);
  const folder = `forgeries/${forged++}`;
  async function put(name: string, body: Uint8Array | string): Promise<Output> {
    const key = `${folder}/${name}`;
    await store.put(key, body);
    return { name, key, sha256: sha256(body), size: Buffer.byteLength(body) };
  }
  await change({ core, publication, put });
  publication.manifest = await put('manifest.core.json', canonicalJson(core));
  const { key, sha256: hash } = await put('publication.json', canonicalJson(publication));
  const others = before.published.filter((each) => each.run !== run);
  const state = (all: typeof others) => (now: typeof before) => {
    const { number: _, previous: __, ...rest } = now;
    return { ...rest, published: all };
  };
  if (published === undefined) throw new Error(`${run} is not published`);
  await append(store, DOMAIN, state([...others, { ...published, publication: { key, sha256: hash } }]));
  try {
    const checks = await verifyRun(store, { domain: DOMAIN, run }, () => {});
    return checks.filter(({ ok }) => !ok).map(({ what, detail }) => `${what}: ${detail}`);
  } finally {
    await append(store, DOMAIN, state([...before.published]));
  }
}

/** Writes other ids over those of the first document of a shard that is long enough, from its token `at` on. */
async function overwrite(
  { core, publication, put }: Forgery,
  ids: ArrayLike<number>,
  at: number,
): Promise<void> {
  const { store } = pipeline;
  for (const [i, shard] of publication.shards.entries()) {
    const { lengths } = parseMegatronIndex(await readChecked(store, shard.idx));
    let start = 0;
    for (const length of lengths) {
      if (length < at + ids.length + 20) {
        start += length;
        continue;
      }
      const body = Uint32Array.from(tokenIds(await readChecked(store, shard.bin), 'uint16'));
      body.set(Array.from(ids), start + at);
      const bin = await put(shard.bin.name, tokenBytes(body, 'uint16'));
      publication.shards[i] = { ...shard, bin };
      const named = core.shards[i];
      if (named !== undefined) named.bin = { size: bin.size, sha256: bin.sha256 };
      return;
    }
  }
  throw new Error('no document is long enough');
}
const idsOf = async (text: string): Promise<Uint32Array> =>
  (await tokenizer.encodeBatch([text]))[0]?.ids ?? new Uint32Array();
const of = (problems: readonly string[], what: string): string[] =>
  problems.filter((each) => each.startsWith(what));

test('a whole run passes, marks that its raw texts have of their own among them', async () => {
  const checks = await verifyRun(pipeline.store, { domain: DOMAIN, run: 'r1' }, () => {});
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  const said = new Map(checks.map(({ what, detail }) => [what, detail]));
  expect(said.get('manifest computed again')).toMatch(/from 1 planned sources .* every field is the same/);
  const [, having] = /(\d+) \(of \d+ decoded\) have marks, which their texts give/.exec(
    said.get('marks in the shards') ?? '',
  ) ?? ['', '0'];
  // Six texts have some, and raw ones stand there twice.
  expect(Number(having)).toBeGreaterThanOrEqual(6);
  expect(said.get('rows of the shards')).toMatch(/^\d+ pairs, \d+ of them parted .* rows of 256 tokens/);
});

const NUMBERS: [field: string, change: (core: Changed<ManifestCore>) => void][] = [
  ['manifest.counts.texts.linked', ({ counts }) => counts.texts.linked--],
  ['manifest.counts.usage.promptTokens', ({ counts }) => counts.usage.promptTokens++],
  ['manifest.counts.rows.nearDuplicates', ({ counts }) => counts.rows.nearDuplicates++],
  ['manifest.mix[1].epochs', ({ mix }) => Object.assign(mix[1] ?? {}, { epochs: 1 })],
  ['manifest.mix[0].asked', ({ mix }) => Object.assign(mix[0] ?? {}, { asked: 7 })],
  ['manifest.rows.partedPairs', ({ rows }) => Object.assign(rows, { partedPairs: 1234 })],
  ['manifest.sources[0].objects', ({ sources }) => Object.assign(sources[0] ?? {}, { objects: 2 })],
  [
    'manifest.failedSources[0]',
    ({ failedSources }) => failedSources.push({ key: 'x', type: 'CorruptParquet' }),
  ],
  ['manifest.spec.sequenceLength', ({ spec }) => Object.assign(spec, { sequenceLength: 512 })],
];
test.each(NUMBERS)('another %s than was committed is found', async (field, change) => {
  const problems = of(await wrongWith(({ core }) => change(core)), 'manifest computed again');
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(`${field}: `);
  expect(problems[0]?.match(/ stands there, /g)).toHaveLength(1);
});

test.each([
  ['shardPairs', 1],
  ['partedPairs', -1],
  ['overlongDocuments', 1],
])('other %s than the tables of documents have are found', async (name, more) => {
  const problems = await wrongWith(({ core: { rows } }) => {
    expect(rows[name]).toBeGreaterThan(0);
    rows[name] = Number(rows[name]) + more;
  });
  expect(of(problems, 'rows of the shards')[0]).toContain(`the manifest says ${name}`);
});

test('a shard that no commit names is found by its hash', async () => {
  const problems = await wrongWith(async (forgery) => overwrite(forgery, await idsOf(' the'), 5));
  // Nothing else is wrong with it.
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(/^manifest computed again: .*manifest\.shards\[\d\]\.bin\.sha256/);
});

test('a mark that ids of a shard spell is found, though every hash is right', async () => {
  const problems = await wrongWith(async (forgery) => overwrite(forgery, await idsOf(' </END> '), 5));
  const [problem] = of(problems, 'marks in the shards');
  expect(problem).toMatch(/document \d+ of shard shard-\d+-of-\d+ \([0-9a-f]{32}\) reads .*"<\/END>"/);
});

test('a special token within a document is found by its id', async () => {
  const problems = await wrongWith((forgery) => overwrite(forgery, [Number(tokenizer.bos)], 5));
  const [problem] = of(problems, 'shard ');
  expect(problem).toMatch(
    /token 5 of document \d+ is \d+, "<\|begin\|>", a special token that no text gives/,
  );
});

test('a document without its BOS is found', async () => {
  const problems = await wrongWith(async (forgery) => overwrite(forgery, await idsOf('a'), 0));
  expect(of(problems, 'shard ')[0]).toMatch(/document \d+ does not begin with BOS/);
});

test('a mask that is neither 0 nor 1 somewhere is found', async () => {
  const problems = await wrongWith(async ({ core, publication, put }) => {
    const [shard] = publication.shards;
    const at = shard?.files?.findIndex(({ name }) => name.endsWith('.mask')) ?? -1;
    const mask = shard?.files?.[at];
    if (mask === undefined) throw new Error('there is no mask');
    const body = Uint8Array.from(await readChecked(pipeline.store, mask));
    body[7] = 2;
    const changed = await put(mask.name, body);
    shard?.files?.splice(at, 1, changed);
    core.shards[0]?.files?.splice(at, 1, { name: mask.name, size: changed.size, sha256: changed.sha256 });
  });
  expect(of(problems, 'shard ')[0]).toContain('.mask: token 7 is neither 0 nor 1');
});

test('another tokenizer than the one of the pins is found, and one that was changed', async () => {
  const problems = await wrongWith(async ({ publication, put }) => {
    publication.tokenizer = await put('tokenizer.json', '{}');
  });
  expect(of(problems, 'tokenizer')[0]).toContain('names another tokenizer than the manifest');
  const { tokenizer: ref } = await publicationOf(pipeline.store, { domain: DOMAIN, run: 'r1' });
  const whole = await pipeline.store.get(ref?.key ?? '');
  await pipeline.store.put(ref?.key ?? '', `${new TextDecoder().decode(whole)} `);
  expect(of(await wrongWith(() => {}), 'tokenizer')[0]).toContain('has hash');
  await pipeline.store.put(ref?.key ?? '', whole);
});

test('what another release has made is not computed again, nor decoded without its tokenizer', async () => {
  const problems = await wrongWith(({ core }) => {
    core.pins.stages = { ...core.pins.stages, template: 1 };
    core.counts.texts.linked--;
  });
  expect(of(problems, 'manifest computed again')).toEqual([]);
  const unnamed = await wrongWith(({ publication }) => {
    delete publication.tokenizer;
  });
  expect(unnamed).toEqual([]);
});

test('what gc may have taken is said, and what it may not have taken is missed', async () => {
  const { store } = pipeline;
  const mixed = (run: string) => ({
    domain: DOMAIN,
    from: { run, stage: 'mix' },
    mix: { ...MIX, share: 0.25 },
  });
  await pipeline.runIngest(mixed('r1'), 'r2');
  await pipeline.runIngest(mixed('r2'), 'r3');
  const { provenance } = await publicationOf(store, { domain: DOMAIN, run: 'r3' });
  const { input } = JSON.parse(new TextDecoder().decode(await readChecked(store, provenance)));
  const [list] = input.documents.corpus;
  const [{ key }] = JSON.parse(new TextDecoder().decode(await readChecked(store, list)));
  expect(key).toMatch(/^runs\/forged\/r1\//);
  const commit = await store.get(key);
  await store.delete([key]);
  const verified = async () => {
    const checks = await verifyRun(store, { domain: DOMAIN, run: 'r3' }, () => {});
    return new Map(checks.map(({ what, ok, detail }) => [what, { ok, detail }]));
  };
  const names = ['manifest computed again', 'marks of the protocol'];
  // r2 is published, and what it begins on is kept: the commit is missed.
  for (const name of names) expect((await verified()).get(name)).toMatchObject({ ok: false });
  await append(store, DOMAIN, (state) => withoutRun(state, 'r2'));
  const after = await verified();
  expect([...after].filter(([, { ok }]) => !ok)).toEqual([]);
  for (const name of names)
    expect(after.get(name)?.detail).toMatch(
      /not looked at: .* run forged\/r1 has left, .* gc may have taken it/,
    );
  expect(after.get('marks in the shards')?.detail).toContain(
    'whether their texts give them is not looked at',
  );
  await store.put(key, commit);
  expect((await verified()).get('manifest computed again')?.detail).toContain('every field is the same');
}, 120_000);
