/**
 * The items of one source for several readers, each of whom gets all of them. An item is drawn when every reader that is still reading
 * has asked for it, so that nobody holds more than one. A reader that stops early holds up nobody.
 */
export function tee<T>(source: AsyncIterable<T>, readers: number): AsyncGenerator<T>[] {
  const items = source[Symbol.asyncIterator]();
  let reading = readers;
  let asked = 0;
  let turn = openTurn<T>();

  function drawWhenAllHaveAsked(): void {
    if (asked === 0 || asked < reading) return;
    asked = 0;
    const { resolve, reject } = turn;
    turn = openTurn<T>();
    items.next().then(resolve, reject);
  }
  async function* read(): AsyncGenerator<T> {
    try {
      for (;;) {
        const { promise } = turn;
        asked++;
        drawWhenAllHaveAsked();
        const item = await promise;
        if (item.done) return;
        yield item.value;
      }
    } finally {
      reading--;
      drawWhenAllHaveAsked();
    }
  }
  return Array.from({ length: readers }, read);
}

function openTurn<T>() {
  let resolve: (item: IteratorResult<T>) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<IteratorResult<T>>((...both) => {
    [resolve, reject] = both;
  });
  // Where nobody reads any more, nobody is there to hear of it.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
