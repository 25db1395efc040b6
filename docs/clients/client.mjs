// A client of the signed APIs (/caas and /licenses): node client.mjs METHOD PATH [JSON]
//
// CHANCERY_URL is the address of the deployment, CHANCERY_LICENSE the keySecret of a licence. The answer goes to standard
// output, decrypted; what was refused goes to standard error. Needs Node.js 20 or later and no packages.
import { createCipheriv, createDecipheriv, createECDH, randomBytes, randomUUID } from "node:crypto";
import { pathToFileURL } from "node:url";

async function send(method, path, body, headers = {}) {
  const init = { method, headers: { "content-type": "application/json", ...headers }, body: body && JSON.stringify(body) };
  const answer = await fetch(process.env.CHANCERY_URL + path, init);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status}: ${text}`);
  return text === "" ? null : JSON.parse(text);
}

// One caller of one API ("caas" or "licenses"). The key pair is made here; the service learns it by `publickey`.
export async function connect(api, license) {
  const { EC_CURVE_NAME } = await send("GET", "/caas/environment");
  const { publicKey } = await send("GET", `/${api}/publickeys`);
  const key = createECDH(EC_CURVE_NAME);
  const ownPublicKey = key.generateKeys().subarray(1).toString("base64"); // without the 04 in front
  const shared = key.computeSecret(Buffer.concat([Buffer.of(4), Buffer.from(publicKey, "base64")])); // 32 bytes, the X coordinate

  const encrypt = (text) => {
    const iv = randomBytes(16);
    const cipher = createCipheriv("aes-256-gcm", shared, iv);
    return Buffer.concat([iv, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]).toString("base64");
  };
  const decrypt = (text) => {
    const sealed = Buffer.from(text, "base64");
    const decipher = createDecipheriv("aes-256-gcm", shared, sealed.subarray(0, 16)).setAuthTag(sealed.subarray(-16));
    return Buffer.concat([decipher.update(sealed.subarray(16, -16)), decipher.final()]).toString("utf8");
  };
  const headers = () => ({
    licensekey: encrypt(license),
    requestid: encrypt(JSON.stringify({ ts: Math.floor(Date.now() / 1000), uuid: randomUUID(), appid: "example" })),
    publickey: ownPublicKey,
  });

  return async function call(method, path, body) {
    const sealed = path.includes("/consents") || path.includes("/extension/"); // only there `data` travels encrypted
    const sent = sealed && body ? { ...body, data: encrypt(JSON.stringify(body.data)) } : body;
    const answer = await send(method, path, sent, headers());
    return sealed ? { ...answer, data: JSON.parse(decrypt(answer.data)) } : answer;
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const [method, path, body] = process.argv.slice(2);
    const call = await connect(path.split("/")[1], process.env.CHANCERY_LICENSE);
    console.log(JSON.stringify(await call(method, path, body && JSON.parse(body))));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
