// Prints the test vectors of SealedCookieVectorTests.fs: `node sealed-cookie-vectors.mjs`. It is written from the
// description of the format (see SealedCookie.fs) on Node's crypto module, and shares no code with the library.
import { createCipheriv, createHmac } from "node:crypto";

const utf8 = (text) => Buffer.from(text, "utf8");
const hmac = (key, ...parts) => createHmac("sha256", key).update(Buffer.concat(parts)).digest();

// RFC 5869, by hand: Node's hkdfSync has no expand of its own.
const extract = (secret) => hmac(Buffer.alloc(32), secret);

const expand = (key, info, length) => {
    let output = Buffer.alloc(0);
    let block = Buffer.alloc(0);

    for (let counter = 1; output.length < length; counter++) {
        block = hmac(key, block, info, Buffer.from([counter]));
        output = Buffer.concat([output, block]);
    }

    return output.subarray(0, length);
};

const field = (text) => {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(utf8(text).length);
    return Buffer.concat([size, utf8(text)]);
};

const seal = ({ secret, application, name, salt, plaintext }) => {
    const extracted = extract(utf8(secret));
    const keyId = expand(extracted, utf8("Runa.Session key id v1"), 2);
    const kind = application === null ? "shared" : "own";
    const info = Buffer.concat(["Runa.Session cookie v1", kind, application ?? "", name].map(field));
    const root = expand(extracted, info, 32);
    const material = expand(root, salt, 44);
    const header = Buffer.concat([Buffer.from([2]), keyId, salt]);
    const cipher = createCipheriv("aes-256-gcm", material.subarray(0, 32), material.subarray(32));
    cipher.setAAD(header);
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return Buffer.concat([header, ciphertext, cipher.getAuthTag()]).toString("base64url");
};

const secret = "0123456789abcdefghijklmnopqrstuvwxyz-first";
const counting = (length, from = 0) => Buffer.from(Array.from({ length }, (_, index) => (from + index) % 256));

const vectors = [
    { secret, application: "shop", name: "web", salt: counting(24), plaintext: utf8("") },
    { secret, application: "shop", name: "web", salt: counting(24, 100), plaintext: utf8('{"format":1}') },
    { secret, application: "Lädchen", name: "admin", salt: counting(24, 232), plaintext: utf8("Grüße, 世界 🦊") },
    { secret, application: null, name: "web", salt: Buffer.alloc(24, 255), plaintext: counting(256) },
    {
        secret: "an entirely different secret, 48 bytes of it, ok",
        application: "",
        name: "api",
        salt: Buffer.alloc(24),
        plaintext: counting(33, 7),
    },
];

for (const vector of vectors) {
    const { secret, application, name, salt, plaintext } = vector;
    const hex = (bytes) => bytes.toString("hex");
    console.log(JSON.stringify({ secret, application, name, salt: hex(salt), plaintext: hex(plaintext), text: seal(vector) }));
}
