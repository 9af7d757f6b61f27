// tier: readers — the Helm chart and the compose file, read by Helm, Kubernetes' schemas and a parser of the Compose Specification
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { settingsOf } from '../../worker/config.ts';
import { QUEUES } from '../../workflows/contract.ts';
import { must, ok, ROOT, run, scratch } from './lib.ts';
import { obtainHelm } from './parts/helm.ts';

interface Container {
  args: string[];
  env: { name: string; value?: string; valueFrom?: { secretKeyRef: { name: string } } }[];
  envFrom?: { secretRef: { name: string } }[];
  securityContext: { readOnlyRootFilesystem?: boolean; allowPrivilegeEscalation: boolean };
  volumeMounts: { name: string; mountPath: string }[];
}
interface Manifest {
  kind: string;
  metadata: { name: string };
  data: Record<string, string>;
  spec: {
    replicas?: number;
    scaleTargetRef?: { name: string };
    template: {
      metadata: { annotations: Record<string, string> };
      spec: {
        terminationGracePeriodSeconds?: number;
        automountServiceAccountToken: boolean;
        securityContext: { runAsNonRoot?: boolean };
        containers: [Container];
        volumes: { name: string }[];
      };
    };
  };
}

const CHART = join(ROOT, 'deploy', 'helm', 'instruct-lake');
const python = process.env.INSTRUCT_LAKE_PYTHON ?? 'python3';
const reader = join(ROOT, 'test', 'readers', 'deployment.py');
const folder = scratch('deploy');
const helm = await obtainHelm();

const services = await ok(python, [reader, 'compose', join(ROOT, 'deploy', 'compose.yaml')]);
must(Number(services) > 10, `compose.yaml is one of the Compose Specification, ${services.trim()} services`);

const ADDRESS = { temporal: { address: 'temporal.example:7233' } };
const SETS: Record<string, object> = {
  'the least': ADDRESS,
  everything: {
    temporal: {
      address: 'ml.tmprl.cloud:7233',
      namespace: 'ml.acct',
      apiKey: { existingSecret: 'the-key' },
      tls: { enabled: true, serverName: 'x', clientSecret: 'the-cert', ca: { existingSecret: 'the-ca' } },
      config: { existingSecret: 'the-toml', profile: 'prod' },
    },
    config: {
      lake: { accessKeyIdEnv: 'ID', secretAccessKeyEnv: 'SECRET' },
      launchers: {
        default: { kind: 'command', command: ['train'], directory: '/var/lib/instruct-lake/jobs' },
      },
    },
    existingSecrets: ['the-lake'],
    serviceAccount: { annotations: { role: 'lake' } },
    jobs: { existingClaim: 'jobs' },
    keda: { enabled: true, authenticationRef: 'temporal' },
    networkPolicy: { enabled: true },
    vllm: { enabled: true, existingSecret: 'hf', modelCache: { storageClass: 'fast' } },
    nodeSelector: { zone: 'a' },
    tolerations: [{ key: 'spot', operator: 'Exists' }],
    image: { pullSecrets: [{ name: 'registry' }] },
    extraVolumes: [{ name: 'tokenizers', configMap: { name: 'tokenizers' } }],
    extraVolumeMounts: [{ name: 'tokenizers', mountPath: '/tokenizers' }],
  },
  'one for all roles': {
    ...ADDRESS,
    workers: {
      ...{ io: null, gpu: null, cpu: null, train: null },
      all: { roles: Object.keys(QUEUES), replicas: 1, resources: {} },
    },
    serviceAccount: { create: false },
    podDisruptionBudget: { enabled: false },
  },
};

for (const [name, values] of Object.entries(SETS)) {
  const file = join(folder, 'values.json');
  writeFileSync(file, JSON.stringify(values));
  await ok(helm, ['lint', '--strict', CHART, '--values', file]);
  const text = await ok(helm, ['template', 'lake', CHART, '--values', file]);
  const rendered = join(folder, 'manifests.yaml');
  writeFileSync(rendered, text);
  const checked = await ok(python, [reader, 'manifests', rendered]);
  must(Number(checked) >= 2, `${name}: ${checked.trim()} manifests are what Kubernetes' schemas say`);
  mustBeRight(
    name,
    parseAllDocuments(text).map((each) => each.toJS() as Manifest | null),
  );
}

for (const [what, values, message] of [
  ['no address', {}, /temporal\.address/],
  ['a role that nobody serves', { ...ADDRESS, workers: { gpu: null } }, /serves the role gpu/],
  ['a key that there is not', { ...ADDRESS, replicas: 3 }, /replicas/],
  ['too little grace', { ...ADDRESS, terminationGracePeriodSeconds: 30 }, /terminationGracePeriodSeconds/],
  ['an address that is a URL', { temporal: { address: 'https://x:7233' } }, /temporal/],
] as const) {
  const file = join(folder, 'values.json');
  writeFileSync(file, JSON.stringify(values));
  const { code, stderr } = await run(helm, ['template', 'lake', CHART, '--values', file]);
  must(code !== 0 && message.test(stderr), `${what} is refused`);
}

const scraped = ['--set', 'temporal.address=t:7233', '--set', 'metrics.enabled=true'];
const measured = await ok(helm, ['template', 'lake', CHART, ...scraped]);
must(
  /address: 0\.0\.0\.0:9464/.test(measured) && /prometheus\.io\/port: "9464"/.test(measured),
  'with metrics the workers are told of a port, and a scrape of the same',
);

/** What no schema says: that the parts fit each other, and us. */
function mustBeRight(name: string, all: (Manifest | null)[]): void {
  const manifests = all.filter((each) => each !== null);
  const workers = manifests.filter(
    (each) => each.kind === 'Deployment' && !each.metadata.name.endsWith('-vllm'),
  );
  const served = workers.flatMap(({ spec }) =>
    spec.template.spec.containers[0].args.flatMap((arg) => /^--role=(.+)/.exec(arg)?.[1] ?? []),
  );
  must(served.sort().join() === Object.keys(QUEUES).sort().join(), `${name}: each role is served once`);
  const config: unknown = parse(
    manifests.find(({ kind }) => kind === 'ConfigMap')?.data['worker.yaml'] ?? '',
  );
  const settings = settingsOf(config, {
    file: '/etc/instruct-lake/worker.yaml',
    env: { ID: 'i', SECRET: 's' },
  });
  must(settings.lake.bucket === 'lake', `${name}: its YAML is a worker's configuration`);
  const vllm = manifests.find(({ kind, metadata }) => kind === 'Service' && metadata.name.endsWith('-vllm'));
  const url = vllm === undefined ? undefined : `http://${vllm.metadata.name}:8000`;
  must(settings.endpoints.synthesizer?.urls[0] === url, `${name}: the endpoint synthesizer is ${url}`);
  for (const { spec } of workers) {
    const pod = spec.template.spec;
    const [container] = pod.containers;
    must(
      (pod.terminationGracePeriodSeconds ?? 0) >= 45 &&
        pod.securityContext.runAsNonRoot === true &&
        container.securityContext.readOnlyRootFilesystem === true &&
        !container.securityContext.allowPrivilegeEscalation &&
        !pod.automountServiceAccountToken,
      `${name}: ${container.args.filter((arg) => arg.includes('role'))} may do little and has time to end`,
    );
    const mounted = container.volumeMounts.map((mount) => mount.name).sort();
    must(
      mounted.join() ===
        pod.volumes
          .map((each) => each.name)
          .sort()
          .join(),
      `${name}: each volume is mounted`,
    );
    for (const { name: variable, value } of container.env) {
      if (/_(PATH|CONFIG_FILE)$/.test(variable)) {
        const there = container.volumeMounts.some(({ mountPath }) => value?.startsWith(`${mountPath}/`));
        must(there, `${name}: ${variable} is in a mount`);
      }
    }
    const key = container.env.find((each) => each.name === 'TEMPORAL_API_KEY');
    must(key === undefined || key.value === undefined, `${name}: no secret is in a manifest`);
  }
  const scaled = manifests.flatMap(({ kind, spec }) =>
    kind === 'ScaledObject' ? [spec.scaleTargetRef?.name] : [],
  );
  const fixed = workers
    .filter(({ spec }) => spec.replicas !== undefined)
    .map(({ metadata }) => metadata.name);
  must(!fixed.some((each) => scaled.includes(each)), `${name}: what is scaled has no number of its own`);
}
