/// Chromium as it speaks Device Bound Session Credentials: over TLS that is valid to it, on a profile, with keys in software, since machines that run
/// tests have no hardware for them.
[<RequireQualifiedAccess>]
module Runa.Session.Browser.Tests.DeviceBoundChromium

open System
open System.IO
open System.Threading.Tasks
open Expecto
open Microsoft.Playwright

/// Since 146 it uses the names of headers of the specification of 2026.
let private least = 146

/// Skips the test if there is no Chromium, or it is too old.
let need () : Task<unit> =
    task {
        let! version = Chromium.version ()

        if version < least then
            skiptest
                $"Chromium {version} does not speak Device Bound Session Credentials as specified: use {least} or later"
    }

let private features =
    [ "DeviceBoundSessions"
      "EnableBoundSessionCredentialsSoftwareKeysForManualTesting"
      // The browser tells of sessions in its protocol for developer tools.
      "DeviceBoundSessionsDevTools" ]

/// Not --ignore-certificate-errors: the browser would load pages, and do without sessions of devices.
let private arguments (certificate: Certificate) =
    let names = String.Join(",", features)

    [ $"--enable-features={names}"; $"--ignore-certificate-errors-spki-list={certificate.KeyHash}" ]

/// Runs it on this profile until the visit is over. Pages of servers with this certificate load.
let onProfile (folder: string) (certificate: Certificate) (baseUrl: Uri) (visit: IPage -> Task<unit>) : Task<unit> =
    Chromium.onProfileWith (arguments certificate) folder baseUrl visit

/// Runs it on a new profile, which is deleted afterwards.
let run (certificate: Certificate) (baseUrl: Uri) (visit: IPage -> Task<unit>) : Task<unit> =
    task {
        let folder = Directory.CreateTempSubdirectory "chromium-"

        try
            do! onProfile folder.FullName certificate baseUrl visit
        finally
            folder.Delete true
    }
