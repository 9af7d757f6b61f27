import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { settingsOf } from '../../worker/config.ts';
import { QUEUES } from '../../workflows/contract.ts';

const folder = fileURLToPath(new URL('../../deploy', import.meta.url));
const text = readFileSync(join(folder, 'compose.yaml'), 'utf8');

interface Service {
  image: string;
  command?: string[];
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: object;
  ports?: string[];
  stop_grace_period?: string;
  profiles?: string[];
  volumes?: (string | { source: string })[];
}
const compose = parse(text, { merge: true }) as {
  services: Record<string, Service>;
  configs: Record<string, { file: string }>;
  volumes: Record<string, object>;
};
const services = Object.entries(compose.services);
const workers = services.filter(([name]) => name.startsWith('worker-'));
const workerConfig: unknown = parse(readFileSync(join(folder, 'compose', 'worker.yaml'), 'utf8'));

test('every role is served, and hands its work over in time', () => {
  const served = workers.flatMap(([, { command = [] }]) =>
    command.filter((_, i) => command[i - 1] === '--role'),
  );
  expect(served.sort()).toEqual(Object.keys(QUEUES).sort());
  for (const [, { stop_grace_period }] of workers) expect(stop_grace_period).toBe('45s');
});
test('the workers’ configuration is one, and its variables are in their environment', () => {
  const seen = new Set<string>();
  for (const [, { environment = {} }] of workers) {
    const env = new Proxy(environment, {
      get: (target, name) => {
        seen.add(String(name));
        return target[String(name)];
      },
    });
    settingsOf(workerConfig, { file: '/etc/instruct-lake/worker.yaml', env });
  }
  expect([...seen].sort()).toEqual(['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY']);
});
test('what a service waits for exists, and is what can be waited for', () => {
  for (const [, { depends_on = {} }] of services) {
    for (const [name, { condition }] of Object.entries(depends_on)) {
      const other = compose.services[name];
      expect(other, name).toBeDefined();
      if (condition === 'service_healthy') expect(other?.healthcheck, name).toBeDefined();
      expect(other?.profiles, name).toBeUndefined();
    }
  }
});
test('addresses of the configuration are services, at ports that they listen at', () => {
  const listens = { s3: ['7070', ':7070'], endpoint: ['8399'], vllm: ['8000'] };
  const urls = [
    ...readFileSync(join(folder, 'compose', 'worker.yaml'), 'utf8').matchAll(/http:\/\/(\w+):(\d+)/g),
  ];
  expect(urls.map(([, host]) => host).sort()).toEqual(Object.keys(listens).sort());
  for (const [, host = '', port = ''] of urls) {
    expect(listens[host as keyof typeof listens]).toContain(port);
    // vLLM's is its default; the others are told.
    if (host !== 'vllm') {
      expect(compose.services[host]?.command?.some((word) => word === port || word === `:${port}`)).toBe(
        true,
      );
    }
  }
});
test('no secret is in the file, and the example names each one', () => {
  const needed = [...text.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name);
  const example = readFileSync(join(folder, 'compose', 'example.env'), 'utf8');
  const named = [...example.matchAll(/^(\w+)=(.*)$/gm)];
  expect(named.map(([, name]) => name).sort()).toEqual([...new Set(needed)].sort());
  for (const [, , value] of named) expect(value).toBe('');
  for (const [name, { environment = {} }] of services) {
    for (const [key, value] of Object.entries(environment)) {
      if (/PASSWORD|PWD|SECRET|KEY|TOKEN/.test(key)) expect(value, `${name} ${key}`).toMatch(/^\$\{/);
    }
  }
});
test('images are pinned, ports are open to this machine alone, files and volumes are there', () => {
  for (const [name, { image, ports = [], volumes = [] }] of services) {
    expect(image, name).toMatch(/:v?\d+\.\d+(\.\d+)?$/);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    for (const volume of volumes) {
      const source = typeof volume === 'string' ? volume.split(':')[0] : volume.source;
      expect(compose.volumes, name).toHaveProperty(source ?? '');
    }
  }
  for (const { file } of Object.values(compose.configs)) expect(existsSync(join(folder, file))).toBe(true);
});
