import { PinMismatch } from '../../lake/errors.ts';
import type { RunPins } from '../plan/pins.ts';
import { poolsDigest } from './pools.ts';

/** Throws PinMismatch when this worker's template pools are not those that the run was started with. */
export function checkPools(pins: RunPins): void {
  if (pins.pools === poolsDigest()) return;
  throw new PinMismatch(
    `run ${pins.domain}/${pins.run} was started with other template pools (SHA-256 ${pins.pools}); this worker has ${poolsDigest()}`,
  );
}
