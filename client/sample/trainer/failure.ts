/** Thrown for everything a user can mend: a missing file, bytes that are not a shard, ids outside the vocabulary. */
export class TrainerFailure extends Error {}
