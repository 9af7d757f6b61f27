// interim
export const estimateTokens = (text: string): number => Math.ceil(Buffer.byteLength(text) / 2);
export const splitParts = (text: string, _max: number): string[] => [text];
