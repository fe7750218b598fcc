import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Certificates {
  /** Of the authority that signed the certificate. */
  readonly caFile: string
  readonly certFile: string
  readonly keyFile: string
}

/** Makes an authority and the certificate of a server in `folder`, both good for two days. `name` is as openssl wants it: `IP:127.0.0.1` or `DNS:host`. */
export function makeCertificates(folder: string, name = 'IP:127.0.0.1'): Certificates {
  const path = (file: string): string => join(folder, file)
  const openssl = (...words: string[]): void => void execFileSync('openssl', words, { stdio: 'ignore' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=an authority', '-keyout', path('ca.key'), '-out', path('ca.pem'))
  openssl('req', ...newKey, '-subj', '/CN=a server', '-keyout', path('server.key'), '-out', path('server.csr'))
  writeFileSync(path('names'), `subjectAltName=${name}\n`)
  const signing = ['-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', path('names')]
  openssl('x509', '-req', '-in', path('server.csr'), ...signing, '-out', path('server.pem'))
  return { caFile: path('ca.pem'), certFile: path('server.pem'), keyFile: path('server.key') }
}
