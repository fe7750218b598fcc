import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { StartFault, systemCode } from './start-fault.ts'

/** A file that a setting names, for messages. */
export interface SettingFile {
  readonly setting: string
  readonly path: string
}

export interface KeyPair {
  /** PEM. */
  readonly certificate: string
  readonly key: string
}

/** The file's bytes; a {@link StartFault} that names the setting if they cannot be read. */
export async function readSettingFile({ setting, path }: SettingFile): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    const code = systemCode(error)
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'this user may not' : String(error)
    throw new StartFault(`${setting}: ${path} cannot be read: ${reason}`, error)
  }
}

/** Certificates in PEM, of which the first is checked. */
export async function readCertificate(file: SettingFile): Promise<string> {
  return (await certificateOf(file)).text
}

/** A certificate and its key, checked to belong together: a server with others would refuse every client, or not start without saying why. */
export async function readKeyPair(certificateFile: SettingFile, keyFile: SettingFile): Promise<KeyPair> {
  const { text: certificate, parsed } = await certificateOf(certificateFile)
  const key = (await readSettingFile(keyFile)).toString()
  if (!parsed.checkPrivateKey(keyOf(key, keyFile))) {
    throw new StartFault(`${keyFile.setting}: ${keyFile.path} is not the key of ${certificateFile.path}`)
  }
  return { certificate, key }
}

async function certificateOf(file: SettingFile): Promise<{ readonly text: string; readonly parsed: X509Certificate }> {
  const text = (await readSettingFile(file)).toString()
  try {
    return { text, parsed: new X509Certificate(text) }
  } catch (error) {
    throw new StartFault(`${file.setting}: ${file.path} is no certificate in PEM`, error)
  }
}

function keyOf(text: string, { setting, path }: SettingFile): KeyObject {
  try {
    return createPrivateKey(text)
  } catch (error) {
    throw new StartFault(`${setting}: ${path} is no private key in PEM without a password`, error)
  }
}
