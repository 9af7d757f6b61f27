/** Task queues: one for workflows, one for each kind of resource an activity needs. */
export const QUEUES = {
  workflows: 'instruct-lake',
  io: 'instruct-lake-io',
  gpu: 'instruct-lake-gpu',
  cpu: 'instruct-lake-cpu',
  train: 'instruct-lake-train',
} as const;
export type Role = keyof typeof QUEUES;

/** The model id of the embedded endpoint. What it answers is a smoke test of the machinery and says so wherever it shows. */
export const RULES_MODEL = 'instruct-lake-rules';

/** The prompts of the library for chat models (`activities/synthesize/generators/prompts/<name>.md`). */
export const PROMPTS = ['question-answer', 'faq', 'table', 'tutorial', 'maths'] as const;
export type PromptName = (typeof PROMPTS)[number];

/** Search attributes that `ingestDomain` sets where the server knows them, as the Temporal CLI writes their types. */
export const SEARCH_ATTRIBUTES = {
  Domain: 'Keyword',
  Run: 'Keyword',
  Phase: 'Keyword',
  FailedPartitions: 'Int',
} as const;
