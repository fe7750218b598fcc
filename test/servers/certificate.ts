import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { TempFolder } from '../../bench/servers/temp-folder.ts'

/** A certificate for 127.0.0.1 that vouches for itself, with its key: for a day and for nobody else. */
export interface Certificate {
  /** PEM. */
  readonly certificate: string
  readonly certificatePath: string
  readonly keyPath: string
  remove(): Promise<void>
}

export async function makeCertificate(): Promise<Certificate> {
  const folder = new TempFolder('certificate')
  const certificatePath = join(folder.path, 'certificate.pem')
  const keyPath = join(folder.path, 'key.pem')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyPath]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
  await promisify(execFile)('openssl', ['req', '-x509', ...key, '-out', certificatePath, '-days', '1', ...names])
  return { certificate: await readFile(certificatePath, 'utf8'), certificatePath, keyPath, remove: () => folder.remove() }
}
