// Module hooks for `without-temporal.ts`: workflow code gets our stand-in for the SDK, everybody else the SDK itself.
const standIn = new URL('./workflow-stand-in.ts', import.meta.url).href;

export async function resolve(specifier, context, next) {
  const fromWorkflow = /\/workflows\/[^/]+\.ts$/.test((context.parentURL ?? '').split('?')[0]);
  return next(specifier === '@temporalio/workflow' && fromWorkflow ? standIn : specifier, context);
}
