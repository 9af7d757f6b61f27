import type { ObjectStore } from './store.ts';

/**
 * The store as one task uses it: `onStep` is called before and after each request, for each object listed and each
 * chunk written. What it throws ends the operation: so a cancelled task stops at the next request, whatever it does.
 */
export function steppingStore(store: ObjectStore, onStep: () => void): ObjectStore {
  async function asked<T>(request: () => Promise<T>): Promise<T> {
    onStep();
    const answer = await request();
    onStep();
    return answer;
  }
  async function* stepping<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    onStep();
    for await (const item of items) {
      onStep();
      yield item;
    }
  }
  return {
    bucket: store.bucket,
    head: (key) => asked(() => store.head(key)),
    get: (key, options) => asked(() => store.get(key, options)),
    find: (key) => asked(() => store.find(key)),
    put: (key, body, options) => asked(() => store.put(key, body, options)),
    write: (key, body) => asked(() => store.write(key, stepping(body))),
    list: (prefix) => stepping(store.list(prefix)),
    uploads: (prefix) => stepping(store.uploads(prefix)),
    delete: (keys) => asked(() => store.delete(keys)),
    abort: (upload) => asked(() => store.abort(upload)),
  };
}
