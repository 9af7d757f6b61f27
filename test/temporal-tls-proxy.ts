import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import {
  connect,
  constants,
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** Files of an authority of its own, of a server `temporal.test` and of a client, as PEM. */
export interface Certificates {
  ca: string;
  server: { cert: string; key: string };
  client: { cert: string; key: string };
}

/** Makes them with openssl in a folder. */
export function makeCertificates(folder: string): Certificates {
  const openssl = (...args: string[]): void =>
    void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const path = (name: string): string => join(folder, name);
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(...['req', '-x509', ...ec, '-days', '2', '-subj', '/CN=ca', '-keyout', 'ca.key', '-out', 'ca.pem']);
  const signed = (name: string, subject: string): { cert: string; key: string } => {
    const leaf = ['-addext', `subjectAltName=DNS:${subject}`, '-addext', 'basicConstraints=CA:FALSE'];
    const files = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-keyout', `${name}.key`, '-out', `${name}.pem`];
    openssl('req', '-x509', ...ec, '-days', '2', '-subj', `/CN=${subject}`, ...leaf, ...files);
    return { cert: path(`${name}.pem`), key: path(`${name}.key`) };
  };
  return {
    ca: path('ca.pem'),
    server: signed('server', 'temporal.test'),
    client: signed('client', 'worker.test'),
  };
}

export interface TlsProxy {
  /** host:port */
  address: string;
  /** What was asked, in order: path, `authorization` and further headers, subject of the client's certificate. */
  seen: { path: string; headers: IncomingHttpHeaders; client: string | undefined }[];
  close: () => Promise<void>;
}

/** A Temporal server with TLS: HTTP/2 with a certificate in front of one without. With `mutual` clients need one as well. */
export async function openTlsProxy(
  target: string,
  { ca, server: own }: Certificates,
  { mutual = false } = {},
): Promise<TlsProxy> {
  const seen: TlsProxy['seen'] = [];
  const sessions = new Set<ServerHttp2Session>();
  const upstream = connect(`http://${target}`);
  const server = createSecureServer({
    ca: readFileSync(ca),
    cert: readFileSync(own.cert),
    key: readFileSync(own.key),
    requestCert: mutual,
    rejectUnauthorized: mutual,
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => {});
  });
  server.on('sessionError', () => {});
  server.on('stream', (stream, headers) => {
    const socket = stream.session?.socket as { getPeerCertificate?: () => { subject?: { CN?: string } } };
    const path = String(headers[':path']);
    seen.push({ path, headers, client: socket.getPeerCertificate?.().subject?.CN });
    const { ':authority': _, ...rest } = headers;
    const request = upstream.request({ ...rest, ':authority': target });
    let trailers = {};
    request.on('trailers', (them) => {
      trailers = them;
    });
    request.on('response', (answer, flags) => {
      if (stream.destroyed) return;
      if (flags & constants.NGHTTP2_FLAG_END_STREAM) stream.respond(answer, { endStream: true });
      else stream.respond(answer, { waitForTrailers: true });
      request.pipe(stream);
    });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.on('error', () => {});
    stream.on('close', () => request.close(constants.NGHTTP2_CANCEL));
    request.on('error', () => stream.close(constants.NGHTTP2_CANCEL));
    stream.pipe(request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    seen,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of sessions) session.destroy();
      upstream.destroy();
      await closed;
    },
  };
}
