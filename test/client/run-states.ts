import type { ManifestCore } from '../../activities/publish/publication.ts';
import { blank, type RunState } from '../../client/view/run-state.ts';

/** A run's state with some of it known. */
export function stateOf(known: Partial<RunState> = {}): RunState {
  return { ...blank({ domain: 'biomed', run: 'r1' }), ...known };
}

const HASH = 'a'.repeat(64);

/** A manifest whose counts balance: 20 rows, 12 kept. */
export function manifestOf(changes: Partial<ManifestCore> = {}): ManifestCore {
  return {
    format: 'instruct-lake/manifest.core@1',
    domain: 'biomed',
    run: 'r1',
    mode: 'full',
    smokeTest: false,
    spec: {},
    pins: {
      stages: {
        plan: 1,
        benchmarks: 1,
        scan: 1,
        dedupe: 1,
        synthesize: 2,
        judge: 1,
        filter: 1,
        template: 1,
        settle: 1,
        mix: 1,
        exchange: 1,
        shards: 1,
        segment: 1,
        publish: 1,
      },
      tokenizer: { name: 'default', sha256: HASH, bos: null, eos: 1, highestId: 4095 },
      generator: {
        name: 'default',
        model: 'some-model',
        window: 4096,
        newTokens: 400,
        temperature: 0,
        tokenizer: null,
      },
      pools: HASH,
      unicode: '16.0.0',
    },
    sources: [{ name: 'corpus', objects: 3, sha256: HASH }],
    failedSources: [],
    counts: {
      rows: {
        planned: 20,
        kept: 12,
        duplicates: 3,
        nearDuplicates: 1,
        earlierDuplicates: 0,
        heldBack: 0,
        rejects: 4,
        rejectReasons: { blank: 1, 'quality:gopherQuality.words': 3 },
        failed: 1,
        replaced: 0,
      },
      texts: { converted: 12, raw: 0, prompted: 12, withPairs: 10, linked: 6, setAside: 0 },
      pairs: { valid: 1234567, dropped: 0, reasons: {}, kept: 1234567, filtered: {}, rendered: 1234567 },
      usage: { promptTokens: 100, completionTokens: 50 },
      tokenizing: { tokenizedBytes: 900, slowBytes: 0 },
      documents: {
        chains: 4,
        made: 6,
        tokens: 3000,
        overlong: 0,
        spare: 0,
        spareTokens: 0,
        mixed: 9,
        mixedTokens: 4000,
      },
      instructions: { planned: 5, documents: 5, tokens: 400, rejects: 0, rejectReasons: {}, failed: 0 },
    },
    pairs: { kinds: {}, verdicts: {}, places: {}, openings: [] },
    mix: [
      {
        source: 'augmented',
        epochs: 1,
        weight: 1,
        unique: 3000,
        asked: 3000,
        got: 3000,
        shortfall: 0,
        units: 4,
        documents: 6,
      },
      {
        source: 'instructions-1',
        epochs: 1,
        weight: 1,
        unique: 400,
        asked: 3000,
        got: 1000,
        shortfall: 2000,
        units: 3,
        documents: 3,
      },
    ],
    forms: { share: 1, alsoRaw: false },
    dtype: 'uint16',
    rows: {},
    shards: [
      {
        name: 'shard-00000-of-00001',
        documents: 9,
        tokens: 4000,
        bin: { size: 8000, sha256: HASH },
        idx: { size: 222, sha256: HASH },
        files: [],
      },
    ],
    ...changes,
  };
}
