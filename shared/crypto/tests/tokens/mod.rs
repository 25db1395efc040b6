//! Tokens and public keys that other implementations made: those of RFC 7515 and ones by OpenSSL.

#![allow(dead_code, reason = "each test uses some of them")]

pub const RFC_SECRET: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

/// RFC 7515, appendix A; it expired at 1300819380.
pub const RFC_HS256: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGF\
    tcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// RFC 7515, appendix A; it expired at 1300819380.
pub const RFC_RS256: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb29\
    0Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5\
    jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0Gar\
    ZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rq\
    Vt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

/// RFC 7515, appendix A; it expired at 1300819380.
pub const RFC_ES256: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb29\
    0Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

/// Issuer `demo123`, from 1000000000 until 2000000000.
pub const HS256: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJkZW1vMTIzIiwiZXhwIjoyMDAwMDAwMDAwLCJuYmYiOjEwMDAwMDAwMDB\
    9.5VoWqbvmSzmt9a-ZLZN2lIpWsH83DANGqTPsh5f24iU";

pub const HS384: &str = "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJkZW1vMTIzIiwiZXhwIjoyMDAwMDAwMDAwLCJuYmYiOjEwMDAwMDAwMDB\
    9.E37jSCGNVaqW796vozXY_ZNZGhLPwqtFnypGVvk7xiIkoQA71-oFNhuyuJmP9y3t";

pub const HS512: &str = "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJkZW1vMTIzIiwiZXhwIjoyMDAwMDAwMDAwLCJuYmYiOjEwMDAwMDAwMDB\
    9.OYs6wYmFHyqv-jwAC6t4vQi7H0gpGP3yp-_V5d8Xis294-uf_2L55-8s4YNElDTFrj1hCotylW83na2TFxoRBQ";

pub const RS256: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJkZW1vMTIzIiwiZXhwIjoyMDAwMDAwMDAwLCJuYmYiOjEwMDAwMDAwMDB\
    9.MvEwgpTY2CZZoovIAOuDJPqX2aUTZqSVrymQAGxum5U9AWRWVGpZhoEp4AG71f6HWJWUdUgJykZ5oHjeM9VmnA6iMo5y7M_IXG_Tvh\
    5qADIkdr04Q-qqq0Z4513_q-Yb_EG_kyDi8Kt-4wj2nvz-0LS7Rn_GNr5rqCmEv19eNhvmbGFVABRRWvwbpB0KSTxoswvASzfUio0u7D\
    ZHw6lYh2uF3xIwqM0w8Q1m8m6oaVcZ0UcoCkWQXWNXfYq_XZ6oZUiPuCOU98pcNUg-efplhbM0AlZHySdtXn_bJWQB6LDaNlrcHBBA2g\
    hKx6hZvYzBD2UX6UvZgPftqtoyBVAGyQ";

pub const RS384: &str = "eyJhbGciOiJSUzM4NCIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJkZW1vMTIzIiwiZXhwIjoyMDAwMDAwMDAwLCJuYmYiOjEwMDAwMDAwMDB\
    9.VrVpIOuRYRFHW1u4kgUJJykH81DQnlaPShqO45ld3X1qFhESXlTaF6dBgRO2c2rInSr441W8b1hykHo2zHDWLB5SsogK7sLQ5Rar0n\
    Aa3xY3_A0EcfgXv7KNSxuQUT4KKjjYIM8t2A5724tPBWLMu9rgxE91L9buAWcgmaEP4Ub4IjFQbVF_v6pnBUusJz0UemxYnqPqyj7E98\
    yL_847t6pRHR36AfsUQ-t_K3bbP4o_iqKFKepEMZ1J46iCpOCZZtod7urzTsBpSGsfIT9687URMX5AU1B0QGdV3caefSl8o7RwUBddxD\
    Wh9b2vJw5WKpimpj2qwEbPNzpCqcF6XQ";

pub const RS512: &str = "eyJhbGciOiJSUzUxMiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJkZW1vMTIzIiwiZXhwIjoyMDAwMDAwMDAwLCJuYmYiOjEwMDAwMDAwMDB\
    9.0bL1UbWCpf83u99vC_7KFiM0YJnnxN-21jR5b26yYxEHWIl14BcJovzzizAeI-Ha8uzs6_7NdbN21yrljZBJ4e140AuQAgn3U3Ha33\
    kfGoHuC0_XgV249a6VAKhIUlDr3aaesUTPoMrKCFqg2qr4bo4uQcf8E99NGnZpMpRZHdTpCAr5J-q4jazImQr0VmNgEuxhHejPkkCK7U\
    B1g7ctTGO17jNcP2CV_s32CtkK7orGZDhJkJ8A_U79wh7J2E5C6pfONmd3BFu7vuSyaCiXL0npGQwH3qYSpVG-hswup_DyeJnMH_zi-1\
    hip40N_BX_JRQmYm3JnLmaecgbwLrzfwIJHFJqi86d8Rn_IoP7BUAkZy3DApvPBgmt8JFrlS9LXkuWktCZL-8lAZ-8OS10AFGjJY66p-\
    tD9iPEn_tYTpC2KsAiPDH0bbV2M4btCr0uGgpjGTdr6BX4ykHTl8CRUoau_BoylcFpJQJEDDucekdd-GVE3SULNVR3FaT1Shl_GNQcrk\
    -mfKgAJRi679KitPuDEUQbtGUf7FtGsmhwzO_JwUAVQ_zAu3y_MWD2u01guakAtNMspKypy7LZFgzuAVlOl4e72Ym832ZoBbR9v6OANl\
    Y8NUrbpRYm4QJwcz-LYxPzdRp3XjI0_ustxSPOybGWKD3MrMZblw9NOkPXBI4";

pub const ES256: &str = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJkZW1vMTIzIiwiZXhwIjoyMDAwMDAwMDAwLCJuYmYiOjEwMDAwMDAwMDB\
    9.gpOgiTrasU2USWsvzqPB6H_IBADvSHCXJc5pn3gbglSI0k8MSzH_mHDfUXNLwQzdKqPpKZvn2Xi3UusoEemRPg";

pub const ES384: &str = "eyJhbGciOiJFUzM4NCIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJkZW1vMTIzIiwiZXhwIjoyMDAwMDAwMDAwLCJuYmYiOjEwMDAwMDAwMDB\
    9._z4obdlaLDrRhVRc7dE8A_7hNO7WZRB_Rl7fzMEsKAdySkiq7Dm3GSlyAQMD0Gx_DuKuPdlHtEiJ3bmQ81foDtxTwoC7oBTUTWt47I\
    3M76sQoier2GANOB4dditahBWp";

/// Signed with HS256 under the text of `RSA_2048_PEM` as the secret.
pub const CONFUSED: &str = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJkZW1vMTIzIiwiZXhwIjoyMDAwMDAwMDAwLCJuYmYiOjEwMDAwMDAwMDB9.YMYUJa2fpc6ses\
    vTDuGcTXCfrh7LxhgGPeGCCEoiLmU";

pub const RFC_RSA_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj\n\
    NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz\n\
    P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo\n\
    9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB\n\
    EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX\n\
    FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp\n\
    oQIDAQAB\n\
    -----END PUBLIC KEY-----\n";

pub const RFC_P256_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n\
    6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n\
    -----END PUBLIC KEY-----\n";

pub const RSA_2048_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAl4H5cVQxO9WApBL2VZGa\n\
    8YVQzn27xmvRjNk4DMkx1LY11oqMHasxNG/ESv166pGKo3EByqjpDT+J81t/f1NI\n\
    blpJzh7U7uterSoGy/7sSWVDRpd4jye1kaDXZrI/tBWX00a96koMKc8zBD+47hkz\n\
    CrEkEjARfjf8Vc0dFBtiXYBHbkopsRB+e51q3eFh+WvONpAsFG9SDreQ66y3oETr\n\
    cZ8vWfYSkbU7h98c7EhMbyR+G231QKLXrKmRQYiBnXsM3gZrGAm8xRwR9bQzb/5S\n\
    O/ULkG2Mgb/i2yEBZEGMnd7W+Wc9fbuhkDpL8dkIDxmCH2bkhGsc/5sk32LvtULC\n\
    OwIDAQAB\n\
    -----END PUBLIC KEY-----\n";

pub const RSA_4096_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEA5Y8Y2WERsWq0l/P2JZ92\n\
    g1iF/Z5AAlmlOmwmAgul4FurHNBoxpM6L42ULqCmBzWg80sY5TBCS8JWfrL84dbe\n\
    rA3qIUnhW/xvO1gc0OLOQ8LRzJSK+vvS5WbGVucZk24ON52nu+bBxNPw4BFlug7z\n\
    +dXkUoxMUaf/1UGgL7TZtBXeoQEn/NE6JRoleDsoxmBJ8xdDq7vOl4buhvgDW7tO\n\
    PDh54HzDC2YXNvXV3hhCHXHtKoqhEpWourJgnLu1ltLeLFkagaJaMx1Vt/yQAJRg\n\
    qFeaEJH3e4qQDpvuqK3YX5wEUzcIw7nvo5o2j7vYizz66Lt+3Fb/i594q6irew9d\n\
    7SiLa3v05XMg4Ef8adC+Kw2OAuXxjhC+YvdYsd9/6KejOciEzspYsQqUgqah9FaF\n\
    lort+cAr9LOrCniWBi9b6Noqm2adgcxv5PHio3hBef/3cGK2OIkcdxTRo8bpqr8u\n\
    a/v2djV0hGSEBLNuTJuyIcSYZyfpb2vSkGJVEpvXIpZCjzAFmXqLirPv+ddV1O4d\n\
    3hQ4SSTKNUvb6MUJl7iEmro0/HtyG+KBegeghRVXxh9l7FP5I3UYNm0A8/b7BYhx\n\
    Nt3x+FA54uD0EIPSx2PlO+xqRDp83Sy2412sE54yQNkiHLFPLn1CrUqWg8UzNX+c\n\
    4ZDFUbceXWbwQ1xFAQUNMFMCAwEAAQ==\n\
    -----END PUBLIC KEY-----\n";

pub const RSA_1024_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC9xqVKhBp+VnsGFTFPeptIsj6b\n\
    VPVjv6Mo0y+c6blauGQeiJcQ0SrbQYeKZYPa4eog21jODQJIKYT+EeQYzEzrUIdo\n\
    /zmUJAGtzTIirTQbzF4KD/HKjk9p3etmjaakh/81gD5IzxO1EIfruQAmhuGSCfCf\n\
    N+yhHRvjbq32oolViQIDAQAB\n\
    -----END PUBLIC KEY-----\n";

pub const P256_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBKoctMNnHIccyIHNDq5+i8hiz0of\n\
    BncSp02Ve6pS11n4tnke+JH5tqUXZHHx5cRUcUO9SuuFlwfUEMPqZhldpw==\n\
    -----END PUBLIC KEY-----\n";

pub const P384_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEAhb4EY+p4/rat4fBLf8n8XgqprLYKbuw\n\
    NeurRgJJ1kaKt2NO2VFK5gYN7Tgr6Yz9R5i2MMC384+VaevIuG79ahlt1LOBiTZR\n\
    nMVHFdKBFZ3xH0bPLwkSIUQpH09VcHS4\n\
    -----END PUBLIC KEY-----\n";

pub const SECP256K1_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEPyecJLLmeDm7dSkLoZpWe8n9neglfvf3\n\
    5Sdj8yZrrYBGbAvO0RqyE686P6r3lQFSagYMFlaSRYeqS0DRyQGV9A==\n\
    -----END PUBLIC KEY-----\n";

pub const ED25519_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEAYcQ4BrB+ZKdkRuL7gwSbLKX8wnIZxT0w9hp00yxJxCk=\n\
    -----END PUBLIC KEY-----\n";
