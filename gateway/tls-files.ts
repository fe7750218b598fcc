/** The certificate and key of both ports, in PEM; one server wants their text, the other their paths. */
export interface TlsFiles {
  readonly certificate: string
  readonly key: string
  readonly certificateFile: string
  readonly keyFile: string
}
