// node tests/hsm.mjs < asked.json: what modules made, held against Node's crypto (OpenSSL) and @noble/post-quantum.
//
//   asked      {verify: [{algorithm, publicKey, data, signature}], wrap: [{algorithm, publicKey, key}]}; bytes in base64
//   prints     {verified: [true|false, …], wrapped: [base64, …]}
import { constants, createCipheriv, createPublicKey, publicEncrypt, randomBytes, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { ml_kem512, ml_kem768, ml_kem1024 } from '@noble/post-quantum/ml-kem.js';

// With the last part of the NIST object identifier 2.16.840.1.101.3.4.3.* or .4.*, and the length of a public key.
const SIGNING = { 'ML-DSA-44': [ml_dsa44, 17, 1312], 'ML-DSA-65': [ml_dsa65, 18, 1952], 'ML-DSA-87': [ml_dsa87, 19, 2592] };
const WRAPPING = { 'ML-KEM-512': [ml_kem512, 1, 800], 'ML-KEM-768': [ml_kem768, 2, 1184], 'ML-KEM-1024': [ml_kem1024, 3, 1568] };

const bytes = (text) => Buffer.from(text, 'base64');

/** The key in a SubjectPublicKeyInfo of an algorithm without parameters, whose object identifier is checked. */
function raw(publicKey, family, number, length) {
  const der = bytes(publicKey);
  const identifier = Buffer.from([0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, family, number, 0x03]);
  if (!der.subarray(4, 4 + identifier.length).equals(identifier)) throw new Error(`not the identifier: ${der.toString('hex', 0, 24)}`);
  if (der.length !== 4 + identifier.length + 4 + length) throw new Error(`${der.length} bytes`);
  return new Uint8Array(der.subarray(der.length - length));
}

function isValid({ algorithm, publicKey, data, signature }) {
  if (SIGNING[algorithm]) {
    const [scheme, number, length] = SIGNING[algorithm];
    return scheme.verify(new Uint8Array(bytes(signature)), new Uint8Array(bytes(data)), raw(publicKey, 3, number, length));
  }
  const key = createPublicKey({ key: bytes(publicKey), format: 'der', type: 'spki' });
  const options = {
    'RSASSA-PSS-SHA256': ['sha256', { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }],
    'RSASSA-PKCS1-SHA256': ['sha256', { padding: constants.RSA_PKCS1_PADDING }],
    'ECDSA-SHA256': ['sha256', { dsaEncoding: 'der' }],
    'ECDSA-SHA384': ['sha384', { dsaEncoding: 'der' }],
  }[algorithm];
  return verify(options[0], bytes(data), { key, ...options[1] }, bytes(signature));
}

function wrapped({ algorithm, publicKey, key }) {
  if (WRAPPING[algorithm]) {
    const [scheme, number, length] = WRAPPING[algorithm];
    const { cipherText, sharedSecret } = scheme.encapsulate(raw(publicKey, 4, number, length));
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', sharedSecret, nonce);
    const sealed = Buffer.concat([cipher.update(bytes(key)), cipher.final()]);
    return Buffer.concat([cipherText, nonce, sealed, cipher.getAuthTag()]).toString('base64');
  }
  const options = { key: createPublicKey({ key: bytes(publicKey), format: 'der', type: 'spki' }), oaepHash: 'sha256' };
  return publicEncrypt({ ...options, padding: constants.RSA_PKCS1_OAEP_PADDING }, bytes(key)).toString('base64');
}

const asked = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify({ verified: asked.verify.map(isValid), wrapped: asked.wrap.map(wrapped) }));
