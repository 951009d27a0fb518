namespace Runa.Session.Browser.Tests

open System
open System.IO
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

    /// Writes the certificate into this folder. With these settings in its environment, a program serves https by it, on a free port.
    let settings (folder: string) (certificate: Certificate) : (string * string) list =
        let file = Path.Combine(folder, "localhost.pfx")
        File.WriteAllBytes(file, certificate.Certificate.Export X509ContentType.Pfx)

        [ "ASPNETCORE_URLS", "https://127.0.0.1:0"; "Kestrel__Certificates__Default__Path", file ]
