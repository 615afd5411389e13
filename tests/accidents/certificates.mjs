// Certificates for `localhost` as openssl makes them: `{ key, cert }`, two paths.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const NAMES = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];

function pair(folder, name) {
  mkdirSync(folder, { recursive: true });
  return { key: path.join(folder, `${name}.key`), cert: path.join(folder, `${name}.pem`) };
}

function openssl(cwd, ...args) {
  execFileSync('openssl', args, { cwd, stdio: 'pipe' });
}

/** Valid for thirty days. */
export function makeCertificate(folder, name) {
  const { key, cert } = pair(folder, name);
  openssl(folder, 'req', '-x509', ...NEW_KEY, '-keyout', key, '-out', cert, '-days', '30', '-subj', `/CN=${name}`, ...NAMES);
  return { key, cert };
}

/** Valid until a moment, and from the day before: `openssl req` knows only whole days. */
export function makeCertificateUntil(folder, name, end) {
  const { key, cert } = pair(folder, name);
  const at = (date) => `${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`;
  openssl(folder, 'req', '-new', ...NEW_KEY, '-keyout', key, '-out', `${name}.csr`, '-subj', `/CN=${name}`, ...NAMES);
  writeFileSync(path.join(folder, 'ca.cnf'), ['[ca]', 'default_ca = c', '[c]', 'database = index', 'rand_serial = yes', 'new_certs_dir = .',
    'default_md = sha256', 'policy = p', 'copy_extensions = copy', '[p]', 'commonName = supplied', ''].join('\n'));
  writeFileSync(path.join(folder, 'index'), '');
  openssl(folder, 'ca', '-batch', '-notext', '-config', 'ca.cnf', '-selfsign', '-keyfile', key, '-in', `${name}.csr`, '-out', cert,
    '-startdate', at(new Date(end.getTime() - 86_400_000)), '-enddate', at(end));
  return { key, cert };
}
