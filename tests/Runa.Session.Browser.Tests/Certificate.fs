namespace Runa.Session.Browser.Tests

open System
open System.Security.Cryptography
open System.Security.Cryptography.X509Certificates

/// A certificate for https on localhost that no authority signed.
type Certificate =
    {
        Certificate: X509Certificate2
        /// SHA-256 of its public key info, in base64. To a Chromium that is told this, the certificate is valid.
        KeyHash: string
    }

[<RequireQualifiedAccess>]
module Certificate =

    /// One with a key of its own.
    let fresh () : Certificate =
        use key = ECDsa.Create ECCurve.NamedCurves.nistP256
        let request = CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256)
        let names = SubjectAlternativeNameBuilder()
        names.AddDnsName "localhost"
        request.CertificateExtensions.Add(names.Build())
        let now = DateTimeOffset.UtcNow

        { Certificate = request.CreateSelfSigned(now.AddDays -1., now.AddDays 1.)
          KeyHash = Convert.ToBase64String(SHA256.HashData(key.ExportSubjectPublicKeyInfo())) }
