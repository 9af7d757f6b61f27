/**
 * Every name and type that crosses a boundary: between users, workflows, activities, commands and other programs.
 * Plain types only: workflow code may import nothing heavier.
 *
 * - names: task queues, search attributes, names that specs and labels use
 * - spec: what a user writes
 * - data: pairs, spans, and how objects of the lake are named
 * - activities: every activity with its input and result
 * - lanes: between a run and its lanes
 * - run: phases; what queries answer, what updates take, what a run ends with
 */
export * from './contract/activities.ts';
export * from './contract/data.ts';
export * from './contract/lanes.ts';
export * from './contract/names.ts';
export * from './contract/run.ts';
export * from './contract/spec.ts';
