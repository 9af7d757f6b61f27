// The simulated endpoint as a process of its own: main.ts SCENARIO. Says its address on stdout; ends with its standard input.
import { openSimulatedEndpoint } from './server.ts';
import { endpointSettings } from './settings.ts';

const endpoint = await openSimulatedEndpoint(endpointSettings(process.argv[2] ?? 'plain'));
console.log(JSON.stringify({ url: endpoint.url }));
process.stdin.resume().once('end', () => process.exit(0));
