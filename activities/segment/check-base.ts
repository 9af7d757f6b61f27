import { PinMismatch } from '../../lake/errors.ts';
import type { RunPins } from '../plan/pins.ts';
import { SEGMENT_VERSION, type Segment } from './segment.ts';

/** Throws PinMismatch where a run cannot be compared with what its domain has published so far. */
export function checkBase(opened: readonly Segment[], { domain, spec, unicode }: RunPins): void {
  const { near, verify } = spec.dedupe;
  for (const segment of opened) {
    const lacks =
      segment.version !== SEGMENT_VERSION
        ? `has version ${segment.version} of its index, this worker version ${SEGMENT_VERSION}`
        : segment.unicode !== unicode
          ? `was folded with version ${segment.unicode} of the Unicode tables, this run with ${unicode}`
          : near && !segment.near
            ? 'has no signatures, since its runs were without dedupe.near'
            : near && verify === 'exact' && !segment.exact
              ? 'has no shingle sets, since its runs were without dedupe.verify "exact"'
              : undefined;
    if (lacks === undefined) continue;
    throw new PinMismatch(
      `what domain ${domain} has published ${lacks}; use the same settings as those runs, or another domain`,
    );
  }
}
