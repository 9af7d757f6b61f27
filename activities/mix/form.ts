/**
 * When a mix takes a document: a converted slot has two forms, its chains with pairs and its texts as they are, and a mix takes one.
 * `raw`: as raw text only; beside the chain as well where the mix says `alsoRaw`. `rawOnly`: of a text without pairs, whose parts
 * stand in the other form already.
 */
export type When = 'always' | 'converted' | 'raw' | 'rawOnly';
export const WHENS = ['always', 'converted', 'raw', 'rawOnly'] as const satisfies readonly When[];

/** Which form of its slots a mix takes: those with a draw under `share` are converted. */
export interface Forms {
  share: number;
  alsoRaw: boolean;
}

/** Whether a mix takes a document or unit of a slot with this draw. */
export function takes({ share, alsoRaw }: Forms, when: When, draw: number): boolean {
  switch (when) {
    case 'always':
      return true;
    case 'converted':
      return draw < share;
    case 'raw':
      return alsoRaw || draw >= share;
    case 'rawOnly':
      return draw >= share;
  }
}
