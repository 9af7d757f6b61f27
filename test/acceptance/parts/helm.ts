import { byCache, byGo, byPath, byVariable, cacheFolder, firstOf } from '../../../client/stack/ways.ts';

const HELM = 'v3.18.6';

/** Helm's command: HELM, the PATH, our cache, `go install`. Throws ServerUnobtainable. */
export function obtainHelm(): Promise<string> {
  const cache = cacheFolder();
  const name = `helm-${HELM}`;
  const module = `helm.sh/helm/v3/cmd/helm@${HELM}`;
  return firstOf(
    'Helm',
    [byVariable('HELM'), byPath('helm'), byCache(cache, [name]), byGo(cache, name, module)],
    [`with Go and a network: go install ${module}`, 'HELM=/path/to/helm in the environment'],
    console.log,
  );
}
