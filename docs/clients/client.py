"""A client of the signed APIs (/caas and /licenses): python3 client.py METHOD PATH [JSON]

CHANCERY_URL is the address of the deployment, CHANCERY_LICENSE the keySecret of a licence. The answer goes to standard
output, decrypted; what was refused goes to standard error. Needs `cryptography` (pip install cryptography).
"""
import json, os, sys, time, urllib.error, urllib.request, uuid
from base64 import b64decode, b64encode
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CURVES = {"prime256v1": ec.SECP256R1, "secp256k1": ec.SECP256K1}


def send(method, path, body=None, headers=None):
    url = os.environ["CHANCERY_URL"] + path
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or "null")


class Client:
    """One caller of one API ("caas" or "licenses"). The key pair is made here; the service learns it by `publickey`."""

    def __init__(self, api, license):
        curve = CURVES[send("GET", "/caas/environment")["EC_CURVE_NAME"]]()
        service = b"\4" + b64decode(send("GET", f"/{api}/publickeys")["publicKey"])
        key = ec.generate_private_key(curve)
        shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(curve, service))
        self.license, self.cipher = license, AESGCM(shared)  # 32 bytes, the X coordinate as it is
        point = key.public_key().public_numbers()
        self.public_key = b64encode(point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big")).decode()

    def encrypt(self, text):
        iv = os.urandom(16)
        return b64encode(iv + self.cipher.encrypt(iv, text.encode(), None)).decode()  # the tag stands at the end

    def decrypt(self, text):
        sealed = b64decode(text)
        return self.cipher.decrypt(sealed[:16], sealed[16:], None).decode()

    def call(self, method, path, body=None):
        request_id = {"ts": int(time.time()), "uuid": str(uuid.uuid4()), "appid": "example"}
        headers = {"licensekey": self.encrypt(self.license), "requestid": self.encrypt(json.dumps(request_id)),
                   "publickey": self.public_key}
        sealed = "/consents" in path or "/extension/" in path  # only there `data` travels encrypted
        if sealed and body:
            body = {**body, "data": self.encrypt(json.dumps(body["data"]))}
        answer = send(method, path, body, headers)
        return {**answer, "data": json.loads(self.decrypt(answer["data"]))} if sealed else answer


if __name__ == "__main__":
    method, path, *body = sys.argv[1:]
    try:
        client = Client(path.split("/")[1], os.environ["CHANCERY_LICENSE"])
        print(json.dumps(client.call(method, path, *map(json.loads, body))))
    except urllib.error.HTTPError as refused:
        sys.exit(f"{refused.code}: {refused.read().decode()}")
