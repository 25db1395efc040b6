// A client of the signed APIs (/caas and /licenses): go run client.go METHOD PATH [JSON]
//
// CHANCERY_URL is the address of the deployment, CHANCERY_LICENSE the keySecret of a licence. The answer goes to standard
// output, decrypted; what was refused goes to standard error. Needs no modules; the curve is prime256v1, because Go's
// library has no secp256k1.
package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

type object = map[string]any

func send(method, path string, body object, headers map[string]string) (answer object) {
	var sent bytes.Buffer
	if body != nil {
		check(json.NewEncoder(&sent).Encode(body))
	}
	request := must(http.NewRequest(method, os.Getenv("CHANCERY_URL")+path, &sent))
	request.Header.Set("content-type", "application/json")
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response := must((&http.Client{Timeout: 30 * time.Second}).Do(request))
	text := must(io.ReadAll(response.Body))
	if response.StatusCode >= 300 {
		check(fmt.Errorf("%d: %s", response.StatusCode, text))
	}
	if len(text) > 0 {
		check(json.Unmarshal(text, &answer))
	}
	return answer
}

// Client is one caller of one API ("caas" or "licenses"). The key pair is made here; the service learns it by `publickey`.
type Client struct {
	license, publicKey string
	gcm                cipher.AEAD
}

func connect(api, license string) Client {
	point := must(base64.StdEncoding.DecodeString(send("GET", "/"+api+"/publickeys", nil, nil)["publicKey"].(string)))
	service := must(ecdh.P256().NewPublicKey(append([]byte{4}, point...)))
	key := must(ecdh.P256().GenerateKey(rand.Reader))
	shared := must(key.ECDH(service)) // 32 bytes, the X coordinate as it is
	gcm := must(cipher.NewGCMWithNonceSize(must(aes.NewCipher(shared)), 16))
	return Client{license, base64.StdEncoding.EncodeToString(key.PublicKey().Bytes()[1:]), gcm} // without the 04 in front
}

func (c Client) encrypt(text []byte) string {
	iv := make([]byte, 16)
	rand.Read(iv)
	return base64.StdEncoding.EncodeToString(c.gcm.Seal(iv, iv, text, nil)) // the tag stands at the end
}

func (c Client) decrypt(text string) []byte {
	sealed := must(base64.StdEncoding.DecodeString(text))
	return must(c.gcm.Open(nil, sealed[:16], sealed[16:], nil))
}

func (c Client) call(method, path string, body object) object {
	requestID := object{"ts": time.Now().Unix(), "uuid": rand.Text(), "appid": "example"}
	headers := map[string]string{"licensekey": c.encrypt([]byte(c.license)), "publickey": c.publicKey,
		"requestid": c.encrypt(must(json.Marshal(requestID)))}
	sealed := strings.Contains(path, "/consents") || strings.Contains(path, "/extension/") // only there `data` travels encrypted
	if sealed && body != nil {
		body["data"] = c.encrypt(must(json.Marshal(body["data"])))
	}
	answer := send(method, path, body, headers)
	if sealed {
		answer["data"] = json.RawMessage(c.decrypt(answer["data"].(string)))
	}
	return answer
}

func main() {
	method, path, body := os.Args[1], os.Args[2], object(nil)
	if len(os.Args) > 3 {
		check(json.Unmarshal([]byte(os.Args[3]), &body))
	}
	client := connect(strings.Split(path, "/")[1], os.Getenv("CHANCERY_LICENSE"))
	fmt.Println(string(must(json.Marshal(client.call(method, path, body)))))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}
